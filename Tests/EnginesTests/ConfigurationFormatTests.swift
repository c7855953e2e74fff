import Testing

@testable import Engines

@Suite("Configuration formats")
struct ConfigurationFormatTests {
    private func parsed(_ format: ConfigurationFormat, _ text: String, names: Set<String> = []) -> [String] {
        format.parse(text, names: names).map { "\($0.name)=\($0.value)\($0.isPlain ? "" : " ?")" }
    }

    @Test("words: names in any case, quotes, several words, comments")
    func words() {
        let text = "# c\nPort 6379\n\tbind 127.0.0.1 ::1\nlogfile \"\"\ndir '/var/lib/x y'\r\nrequirepass a#b\nalone\n"
        #expect(
            parsed(.words, text) == [
                "port=6379", "bind=127.0.0.1 ::1", "logfile=", "dir=/var/lib/x y", "requirepass=a#b", "alone=",
            ])
    }

    @Test("sections: INI, TOML and properties")
    func sections() {
        let text =
            "a.b=1\nc: 2\n! p\n; i\n[storage]\npath = \"/var/lib/x # y\" # c\n[ \"log\" ]\nlevel='info'\n"
            + "[[input]]\nlist = [\"a\", \"b\"]\n= no\n[open\nlast=1"
        #expect(
            parsed(.sections, text) == [
                "a.b=1", "c=2", "storage.path=/var/lib/x # y", "log.level=info", "input.list=[\"a\", \"b\"] ?",
                "open.last=1",
            ])
    }

    @Test("YAML: sequences of scalars below a key or at its margin, keys with hyphens, documents")
    func yaml() {
        let text =
            "data_file_directories:\n    - /a\n    - '/b' # c\nseeds:\n- x\n- key: no\ndata-dir: /d\npath.data: [a]\n---\n- y\n"
        #expect(
            parsed(.yaml, text) == [
                "data_file_directories=/a", "data_file_directories=/b", "seeds=x", "data-dir=/d", "path.data=[a] ?",
            ])
    }

    @Test("XML: texts by path, Hadoop's properties, what is filled from elsewhere, entities, comments")
    func xml() {
        let text = """
            <?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
            <yandex><!-- <path>no</path> --><path> /var/lib/ch/ </path><tcp_port incl="p">9000</tcp_port>
            <logger><level a='>'>a &lt;&amp; b</level><log/></logger><users><default><password>x</password></default></users>
            </yandex>
            """
        #expect(
            parsed(.xml, text) == [
                "path=/var/lib/ch/", "tcp_port=9000 ?", "logger.level=a <& b", "users.default.password=x",
            ])
        let hadoop =
            "<configuration><property><name>hbase.rootdir</name><value>file:///h</value></property>"
            + "<property><name>e</name></property></configuration>"
        #expect(parsed(.xml, hadoop) == ["hbase.rootdir=file:///h", "e="])
    }

    @Test("JSON: what is asked for, whatever its type")
    func json() {
        let text = #"{"a": {"b": "x", "n": 5, "t": true, "o": {}}, "secret": "canary"}"#
        #expect(parsed(.json, text, names: ["a.b", "a.n", "a.t", "a.o", "none"]) == ["a.b=x", "a.n=5", "a.t=true"])
    }

    @Test(
        "files that are cut, nested without end or no such format at all give what can be read, and never a crash",
        arguments: [
            ConfigurationFormat.words, .sections, .yaml, .xml, .json,
        ])
    func bad(format: ConfigurationFormat) {
        let samples = [
            "", "<", "<a", "<a '", "</a>", "<a><b>x", "<!--", "<![CDATA[", "[", "[[", "{", "{\"a\":", ":", "- ",
            "\u{0}\u{1}",
            String(repeating: "<a>", count: 50_000), String(repeating: "<a><b>x</b>", count: 10_000),
            String(repeating: "a:\n ", count: 10_000), String(repeating: "{\"a\":", count: 10_000),
            "<r><" + String(repeating: "A", count: 400_000) + ">" + String(repeating: "<a>b</a>", count: 20_000),
            "[" + String(repeating: "A", count: 16_000) + "]\n" + String(repeating: "a=b\n", count: 100_000),
            String(repeating: "A", count: 16_000) + ":\n" + String(repeating: " a: b\n", count: 30_000),
            String(repeating: "[", count: 100_000), String(repeating: "x", count: 1 << 20),
        ]
        for sample in samples {
            let entries = format.parse(sample, names: ["a"])
            #expect(entries.count <= ConfigurationEntry.limit)
            #expect(entries.reduce(0) { $0 + $1.name.utf8.count } <= 16 << 20)
        }
    }
}
