/// The bounds of decoding; a report beyond one is refused, never cut.
public enum ReportLimits {
    /// The most gzip bytes that are taken: 4 MiB.
    public static let compressedBytes = 4 << 20
    /// The most JSON bytes that are taken or inflated to: 64 MiB.
    public static let inflatedBytes = 64 << 20
    /// The most databases in one report.
    public static let databases = 10_000
}
