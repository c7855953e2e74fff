import Glibc

/// Messages for people, on standard error; data never goes there.
public enum Talk {
    /// Prints `text` as one neutralised line. A closed standard error is ignored.
    public static func say(_ text: String) {
        let line = Array((PlainText.neutralised(text) + "\n").utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// The columns of the terminal on standard output, or `fallback` where there is none or a very narrow one.
    public static func width(default fallback: Int) -> Int {
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 else {
            return fallback
        }
        return Int(size.ws_col)
    }
}
