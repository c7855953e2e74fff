import Foundation
import Testing

@testable import Collector

@Suite("Backups")
struct BackupsTests {
    @Test("a name has the time to the second, and is read again")
    func names() throws {
        let name = BackupName(lineage: "0a2b3c4d", date: Date(timeIntervalSince1970: 1_796_004_000.9))
        #expect(name.text == "dbcensus-0a2b3c4d-20261130T020000Z.sqlite")
        #expect(BackupName(name.text) == name)
    }

    @Test(
        "other names are no backups, and are never removed",
        arguments: [
            "dbcensus.sqlite", "dbcensus-0a2b3c4d-20261130T020000Z.sqlite.partial", "dbcensus-2026-11-30.sqlite", "",
            "x-dbcensus-0a2b3c4d-20261130T020000Z.sqlite", "dbcensus-0A2B3C4D-20261130T020000Z.sqlite",
            "dbcensus-0a2b3c4d-20261330T020000Z.sqlite", "dbcensus-0a2b3c4d-20260230T020000Z.sqlite",
            "dbcensus-20261130T020000Z.sqlite",
        ])
    func others(name: String) { #expect(BackupName(name) == nil) }

    @Test(
        "a place in S3 is a bucket and a prefix",
        arguments: [
            ("s3://acme", "acme", ""), ("s3://acme/", "acme", ""), ("s3://acme/hub", "acme", "hub/"),
            ("s3://acme/hub/daily/", "acme", "hub/daily/"),
        ])
    func buckets(to: String, bucket: String, prefix: String) throws {
        var settings = Configuration.Backup()
        settings.to = to
        try settings.validate()
        #expect(settings.bucket?.name == bucket)
        #expect(settings.bucket?.prefix == prefix)
    }
}
