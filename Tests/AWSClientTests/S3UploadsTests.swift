import Testing

@testable import AWSClient

@Suite("S3: uploads in parts")
struct S3UploadsTests {
    static func answer(_ text: String, _ headers: [NamedValue] = []) -> ScriptedTransport.Answer {
        .success(HTTPAnswer(status: 200, headers: headers, body: Array(text.utf8)))
    }

    @Test("asks for encryption, numbers the parts and names their tags")
    func upload() async throws {
        let transport = ScriptedTransport([
            Self.answer("<R><UploadId>a+b/c=</UploadId></R>"), Self.answer("", [NamedValue("ETag", "\"1&\"")]),
            Self.answer("<CompleteMultipartUploadResult><ETag>x-1</ETag></CompleteMultipartUploadResult>"),
        ])
        let client = AWSClient.fake(transport)
        let upload = try await client.send(
            S3.CreateMultipartUpload(bucket: "b-1", key: "a b", encryptionKey: "alias/k"))
        let tag = try await client.send(
            S3.UploadPart(bucket: "b-1", key: "a b", upload: upload, number: 1, body: [1, 2]))
        try await client.send(S3.CompleteMultipartUpload(bucket: "b-1", key: "a b", upload: upload, tags: [tag]))
        #expect(transport.calls.map(\.method) == ["POST", "PUT", "POST"])
        #expect(transport.calls[0].url == "https://b-1.s3.eu-west-1.amazonaws.com/a%20b?uploads=")
        let wanted = [
            NamedValue("x-amz-server-side-encryption", "aws:kms"),
            NamedValue("x-amz-server-side-encryption-aws-kms-key-id", "alias/k"),
        ]
        #expect(wanted.allSatisfy(transport.calls[0].headers.contains))
        #expect(transport.calls[1].url.hasSuffix("?partNumber=1&uploadId=a%2Bb%2Fc%3D"))
        #expect(transport.calls[1].body == [1, 2])
        #expect(String(decoding: transport.calls[2].body, as: UTF8.self).contains("<ETag>\"1&amp;\"</ETag>"))
    }

    @Test("an error with status 200 is an error, and a part without a tag too")
    func failures() async {
        let error = Self.answer("<Error><Code>InternalError</Code><Message>try again</Message></Error>")
        await #expect(throws: AWSError.self) {
            try await AWSClient.fake(ScriptedTransport([error])).send(
                S3.CompleteMultipartUpload(bucket: "b-1", key: "k", upload: "u", tags: []))
        }
        await #expect(throws: AWSError.self) {
            try await AWSClient.fake(ScriptedTransport([Self.answer("")])).send(
                S3.UploadPart(bucket: "b-1", key: "k", upload: "u", number: 1, body: []))
        }
    }

    @Test("lists all pages of a prefix")
    func list() async throws {
        let transport = ScriptedTransport([
            Self.answer(
                "<R><Contents><Key>p/1</Key></Contents><NextContinuationToken>t=</NextContinuationToken></R>"),
            Self.answer("<R><Contents><Key>p/2</Key></Contents></R>"),
        ])
        let keys = try await AWSClient.fake(transport).all(S3.ListObjectsV2(bucket: "b-1", prefix: "p/"))
        #expect(keys == ["p/1", "p/2"])
        #expect(
            transport.calls.map(\.url) == [
                "https://b-1.s3.eu-west-1.amazonaws.com/?list-type=2&prefix=p%2F",
                "https://b-1.s3.eu-west-1.amazonaws.com/?list-type=2&prefix=p%2F&continuation-token=t%3D",
            ])
    }
}
