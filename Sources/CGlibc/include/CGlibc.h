// Nothing to call: this target only redirects symbols for the linker (older.c).
