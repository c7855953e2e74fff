import Testing

@testable import Inventory

@Suite("CSV")
struct CSVTests {
    @Test(
        "cells: quotes doubled, formulas made harmless",
        arguments: [
            ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""), ("=1+1", "'=1+1"),
            ("@cmd", "'@cmd"), ("-2", "'-2"), ("＝1", "'＝1"),
            ("+1,2", "\"'+1,2\""), ("a\r\nb", "\"a\r\nb\""), ("", ""), ("\tx", "'\tx"),
        ])
    func cells(value: String, cell: String) { #expect(CSV.cell(value) == cell) }

    @Test("lines end with CR LF, and the columns keep their order")
    func header() {
        #expect(
            CSV.text([], of: .databases).hasPrefix(
                "id,key,host_id,hostname,account_id,region,engine,vendor,version,"))
        #expect(CSV.text([], of: .hosts).hasSuffix(",vpc_id,private_address,launched_at,reason\r\n"))
    }
}
