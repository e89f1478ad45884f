// Which pieces of ink may be a digit, and which belong together. Thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "common/images/pieces.h"

namespace convoy::images {

// A picture whose larger side is less shows a digit and hardly more, with strokes of a pixel or two
// and no edge that is sharp.
inline constexpr int kTiny = 64;

double LargerSide(const Box& box);

// Returns the smallest box around both; one that is empty counts for nothing.
Box Union(const Box& a, const Box& b);

bool Contains(const Box& outer, const Box& inner);

// Marks the pieces [piece] that may be the digit or a part of it: their ends are sharp, and they
// come in neither from the picture's edge nor from `beside`, which is set where a turned picture
// shows nothing. `beside` may be null.
std::vector<uint8_t> Candidates(const Pieces& pieces, const Plane* beside);

// Marks the candidates that are frames around others, as the box of a form is.
std::vector<uint8_t> Frames(const Pieces& pieces, const std::vector<uint8_t>& may);

// Returns the largest of the marked pieces, Pieces::kNone if none is.
int LargestOf(const std::vector<Piece>& pieces, const std::vector<uint8_t>& marked);

// Marks what belongs to piece `main`: of the candidates, whatever is near it, and near that.
std::vector<uint8_t> Joined(const Pieces& pieces, const std::vector<uint8_t>& may, int main);

// Whether a piece is as much of a thing as another.
bool IsThingBeside(const Piece& piece, const Piece& main);

// Whether the pieces of one thing are two digits, side by side or one above the other.
bool AreTwo(const std::vector<Piece>& pieces, const std::vector<uint8_t>& joined);

}  // namespace convoy::images
