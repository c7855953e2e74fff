import Glibc

/// What is said to people on standard error; data never goes there.
public enum Talk {
    /// Prints `text` as one neutralised line. A closed standard error is nobody's failure.
    public static func say(_ text: String) {
        let line = Array((PlainText.neutralised(text) + "\n").utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// The columns of the terminal on standard output, or `standard` where there is none or a very narrow one.
    public static func width(standard: Int) -> Int {
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 else {
            return standard
        }
        return Int(size.ws_col)
    }
}
