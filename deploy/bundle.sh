#!/usr/bin/env bash
# Packs the built programs with all libraries they need, Open MPI included, into one archive that runs
# on a Debian of the same or a newer release on which nothing is installed and nobody is root.
#
# Usage: deploy/bundle.sh [ARCHIVE.tar.gz]          (convoy.tar.gz unless given; after building)
# On the other machine:  tar xf convoy.tar.gz && convoy/mpirun -np 4 convoy/trainer --data DIR
# Exit code: 0 done, 1 failed, 2 wrong usage.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
help_if_asked "$@"

# Belong to the system's loader, which must be the one of the machine where the archive is unpacked.
SYSTEM_LIBRARIES='^(linux-vdso|ld-linux.*|libc|libm|libdl|librt|libpthread|libresolv|libutil|libnss_.*)\.so'

# path_of KIND: prints where Open MPI keeps something, such as pkglibdir.
path_of() { ompi_info --parsable --path "$1" | sed -n "s/^path:$1://p" | head -n 1; }

# libraries_of FILE...: prints the paths of the libraries that they load, except the system's.
libraries_of() {
  ldd "$@" 2>/dev/null | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u |
    while IFS= read -r library; do
      [[ $(basename "$library") =~ $SYSTEM_LIBRARIES ]] || printf '%s\n' "$library"
    done
}

# copy_plugins FROM TO: the plug-ins of Open MPI, or of PMIx, whose libraries are all there; those for
# fabrics that this machine does not have are left out.
copy_plugins() {
  local plugin
  mkdir -p "$2"
  for plugin in "$1"/*.so; do
    if ! ldd "$plugin" | grep -q 'not found'; then cp "$plugin" "$2/"; fi
  done
}

# write_launcher FILE PROGRAM: a script that starts the program of the bundle with its own libraries.
write_launcher() {
  cat >"$1" <<END
#!/bin/sh
# Starts \$here/bin/$2 with the libraries that came with it.
here=\$(cd "\$(dirname "\$(readlink -f "\$0")")" && pwd)
export LD_LIBRARY_PATH="\$here/lib\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
export OPAL_PREFIX="\$here" OPAL_BINDIR="\$here/bin" OPAL_LIBDIR="\$here/lib" OPAL_PKGLIBDIR="\$here/lib/openmpi"
export OPAL_PKGDATADIR="\$here/share/openmpi" OPAL_SYSCONFDIR="\$here/etc"
export PMIX_PKGLIBDIR="\$here/lib/pmix" PMIX_PKGDATADIR="\$here/share/pmix"
# On other machines the daemon is started by this launcher's sister.
export OMPI_MCA_orte_launch_agent="\$here/orted"
# Without ssh, mpirun starts ranks on this machine all the same, if told not to look for it.
command -v ssh >/dev/null || export OMPI_MCA_plm=isolated
exec "\$here/bin/$2" "\$@"
END
  chmod 755 "$1"
}

main() {
  [[ $# -le 1 && ${1:-} != -* ]] || fail 2 "usage: deploy/bundle.sh [ARCHIVE.tar.gz]"
  local archive=${1:-convoy.tar.gz} bundle program pmix
  for program in "${CONVOY_PROGRAMS[@]}"; do
    [[ -x $CONVOY_BIN/$program ]] || fail 2 "$CONVOY_BIN/$program is not there: build it first (deploy/check.sh)"
  done
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  bundle=$scratch/convoy
  mkdir -p "$bundle"/{bin,lib,etc,share}

  cp "$(command -v orterun)" "$bundle/bin/mpirun"
  cp "$(command -v orted)" "$bundle/bin/"
  cp "${CONVOY_PROGRAMS[@]/#/$CONVOY_BIN/}" "$bundle/bin/"
  copy_plugins "$(path_of pkglibdir)" "$bundle/lib/openmpi"
  cp -r "$(path_of pkgdatadir)" "$bundle/share/openmpi"
  pmix=$(dirname "$(ldconfig -p | awk '/libpmix.so/ { print $NF; exit }')")
  copy_plugins "$pmix/pmix2/lib/pmix" "$bundle/lib/pmix"
  # OpenBLAS is loaded while they run, so no program names it.
  cp -L "$(ldconfig -p | awk '/libopenblas.so.0 / { print $NF; exit }')" "$bundle/lib/libopenblas.so.0"
  libraries_of "$bundle"/bin/* "$bundle"/lib/*.so.0 "$bundle"/lib/*/*.so | xargs cp -Lt "$bundle/lib"
  for program in "$bundle"/bin/*; do
    write_launcher "$bundle/$(basename "$program")" "$(basename "$program")"
  done
  tar -czf "$archive" -C "$scratch" convoy
  say "$archive: $(du -h "$archive" | cut -f1)"
}

main "$@"
