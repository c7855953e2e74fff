import Testing

@testable import Engines

@Suite("Java's command lines")
struct JavaTests {
    @Test(
        "the class that runs, whatever stands before it",
        arguments: [
            ("java -Xmx1g -cp /a:/b.jar -Dx=y com.example.Main -cp no", "com.example.Main", nil),
            ("java --module-path /lib --add-opens a=b -m org.x.server/org.x.Main", "org.x.Main", nil),
            ("java --class-path=/lib/* --module=org.x/org.x.Main", "org.x.Main", nil),
            ("java -XX:+UseG1GC -jar start.jar com.example.Main", nil, "start.jar"),
            ("java -version", nil, nil), ("java", nil, nil), ("java -cp", nil, nil), ("java -m", nil, nil),
        ])
    func mainClass(line: String, mainClass: String?, jar: String?) {
        let command = JavaCommand(line.split(separator: " ").map(String.init))
        #expect(command.mainClass == mainClass && command.jar == jar && !command.runsUnknown)
    }

    @Test("class paths and properties")
    func paths() {
        let words = [
            "java", "-cp", "/conf:/lib/a-1.0.jar", "-p", "/modules", "-Dsolr.home=/x", "-Dflag", "Main", "-Dnot=1",
        ]
        let command = JavaCommand(words)
        #expect(command.classPath == ["/conf", "/lib/a-1.0.jar", "/modules"])
        #expect(command.properties == ["solr.home", "flag"])
    }

    @Test("argument files: quotes, comments, and one that is missing")
    func argumentFiles() {
        let text = "# c\n-cp '/a b:/c' -Dx=\"y z\"\n  org.x.Main # more\n"
        let command = JavaCommand(["java", "-ea", "@a.args", "last"]) { $0 == "a.args" ? text : nil }
        #expect(command.mainClass == "org.x.Main" && command.classPath == ["/a b", "/c"])
        #expect(JavaCommand(["java", "@gone"]).runsUnknown)
        #expect(!JavaCommand(["java", "@gone", "Main"]).runsUnknown)
        // A file that names itself ends.
        #expect(JavaCommand(["java", "@a"]) { _ in "@a @a" }.mainClass == nil)
        #expect(JavaCommand.words(String(repeating: "x ", count: 100_000)).count <= 4_097)
    }

    @Test("three thousand arguments, and class paths without end")
    func long() {
        let words =
            ["java"] + (0..<3_000).map { "-Dp\($0)=\($0)" } + [
                "-cp", String(repeating: "/x.jar:", count: 50_000), "Main",
            ]
        let command = JavaCommand(words)
        #expect(command.mainClass == "Main" && command.properties.count == 3_000 && command.classPath.count <= 4_096)
    }
}
