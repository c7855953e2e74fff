import Testing

@testable import AWSClient

@Suite("Profile files")
struct ProfileFileTests {
    @Test("sections, comments, nested keys, blanks and Windows line ends")
    func parse() throws {
        let text = """
            \u{FEFF}# a comment
            [default]
            region = eu-west-1 # behind a value
            aws_secret_access_key=a#b;c
            [profile  big name]
            s3 =
              max_queue_size = 10
            output = json
            [profile "quoted"]
            region = eu-north-1
            [sso-session corp]
            sso_region = us-east-1
            [services here]
            ssm =
              endpoint_url = http://127.0.0.1:9
            [plugins]
            cli = x
            """.replacing("\n", with: "\r\n")
        let file = try ProfileFile(parsing: Array(text.utf8), kind: .config, path: "config")
        #expect(file.profiles["default"] == ["region": "eu-west-1", "aws_secret_access_key": "a#b;c"])
        #expect(file.profiles["big name"] == ["s3": "", "s3.max_queue_size": "10", "output": "json"])
        #expect(file.profiles["quoted"] == ["region": "eu-north-1"])
        #expect(file.sessions["corp"] == ["sso_region": "us-east-1"])
        #expect(file.services["here"]?["ssm.endpoint_url"] == "http://127.0.0.1:9")
        #expect(file.profiles["plugins"] == nil)
    }

    @Test(
        "a section without its bracket, a line without a key: errors with the line",
        arguments: [
            ("[default\nx = y", "config, line 1: the section has no closing bracket"),
            ("[default]\nregion", "config, line 2: expected `key = value` or `[section]`"),
            ("[default]\n = x", "config, line 2: the key is missing before `=`"),
        ])
    func errors(text: String, message: String) {
        #expect(throws: AWSError(.configuration, message)) {
            try ProfileFile(parsing: Array(text.utf8), kind: .config, path: "config")
        }
    }

    @Test("the credentials file has sections without the word profile, and its values hold")
    func merge() throws {
        let files = FakeFiles([
            "/home/me/.aws/config": "[profile a]\nregion = eu-west-1\naws_access_key_id = OLD\n",
            "/home/me/.aws/credentials": "[a]\naws_access_key_id = NEW\n",
        ])
        let profiles = try Profiles(.fake(["AWS_PROFILE": "a"], files: files))
        #expect(profiles.chosen == ["region": "eu-west-1", "aws_access_key_id": "NEW"])
    }

    @Test("a profile that does not exist: the error lists those that do")
    func unknown() async {
        let files = FakeFiles(["/home/me/.aws/config": "[profile a]\n[default]\n"])
        let error = await awsError { () async throws(AWSError) in try Profiles(.fake(files: files), profile: "b") }
        #expect(error?.message.hasSuffix(": they have a, default") == true)
    }
}
