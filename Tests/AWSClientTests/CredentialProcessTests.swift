import Foundation
import Testing

@testable import AWSClient

@Suite("credential_process")
struct CredentialProcessTests {
    static func credentials(_ command: String) async throws(AWSError) -> AWSCredentials {
        var environment = AWSEnvironment.fake()
        environment.run = CredentialProcess.run
        return try await ProcessCredentials(command: command, profile: "p", environment: environment).credentials()
    }

    @Test("words: quotes and backslashes as in a shell, and no shell")
    func words() throws {
        #expect(
            try CredentialProcess.words(#"a 'b c' "d \"e\"" f\ g '' $(x)"#) == [
                "a", "b c", "d \"e\"", "f g", "", "$(x)",
            ])
        #expect(throws: AWSError.self) { try CredentialProcess.words("'open") }
    }

    @Test("a program prints credentials")
    func prints() async throws {
        let found = try await Self.credentials(
            #"sh -c 'echo "{\"Version\":1,\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"s\",\"Expiration\":\"2026-12-31T00:00:00Z\"}"'"#
        )
        #expect(found.accessKeyID == "P" && found.expiration != nil)
    }

    @Test(
        "noise, another version, a failure, nothing to run, expired credentials: each error says it",
        arguments: [
            ("echo hello", "printed no JSON"), (#"sh -c 'exit 3'"#, "failed with status 3"),
            ("/nonexistent/program", "cannot run"), ("sh -c 'yes | head -c 70000'", "more than 65536 bytes"),
            (#"echo '{"Version":2,"AccessKeyId":"P","SecretAccessKey":"s"}'"#, "printed Version 2"),
            (
                #"echo '{"Version":1,"AccessKeyId":"P","SecretAccessKey":"s","Expiration":"2020-01-01T00:00:00Z"}'"#,
                "already expired"
            ),
        ])
    func errors(command: String, words: String) async {
        let error = await awsError { () async throws(AWSError) in try await Self.credentials(command) }
        #expect(error?.kind == .credentials && error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test(
        "a program that hangs is ended, and so is one that ignores the signal",
        arguments: ["sleep 100", "trap '' TERM; sleep 100"])
    func hangs(script: String) async {
        let error = await awsError { () async throws(AWSError) in
            try await CredentialProcess.run(["sh", "-c", script], .milliseconds(100))
        }
        #expect(error?.message.contains("did not end in") == true)
    }
}
