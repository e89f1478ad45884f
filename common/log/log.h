// What the three programs say beside their results, one line a message whatever the message holds.
//
// To a person:  "trainer: note: ...", on standard error.
// As a record:  "2026-11-26T04:39:48Z note ...", for whatever goes on for long: the coordinator's
// standard output, log.txt of a run.
//
// All functions are thread-safe, but for Start and Stop, which main calls.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace convoy::log {

enum class Level { kInfo, kNote, kError };

// Names the program in the lines to a person. Without a call they name "convoy".
void Start(std::string_view program);

// From here on until Stop, lines are records on the descriptor `fd` (not owned). A thread of its
// own writes them: who logs never waits for who reads. Lines that nobody takes, because a pipe is
// full, a terminal stopped or a disk full, are dropped; when there is room again, a line says how
// many.
void StartRecords(int fd);

// Writes what is left as far as somebody takes it at once, and ends the thread.
void Stop();

void Info(std::string_view message);
void Note(std::string_view message);
void Error(std::string_view message);

// The lines themselves, without an end, for who writes them elsewhere. `message` is made printable.
std::string LineToPerson(std::string_view program, Level level, std::string_view message);
std::string Record(Level level, std::string_view message);

}  // namespace convoy::log
