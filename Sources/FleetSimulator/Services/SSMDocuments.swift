import Foundation

/// The documents: what AWS's reference says, and the assumptions that docs/fleet-simulator.md names.
extension Call {
    private typealias Entry = DocumentBook.Entry

    func documentAction(_ input: JSON) throws(AWSFailure) -> JSON {
        switch action {
        case "CreateDocument": try createDocument(input)
        case "UpdateDocument": try updateDocument(input)
        case "UpdateDocumentDefaultVersion": try setDefaultVersion(input)
        case "DeleteDocument": try deleteDocument(input)
        case "DescribeDocument": try describeDocument(input)
        case "GetDocument": try getDocument(input)
        case "ListDocumentVersions": try listVersions(input)
        case "ModifyDocumentPermission": try share(input)
        case "DescribeDocumentPermission": try describeSharing(input)
        default: throw unknownAction
        }
    }

    private func invalid(_ name: String) -> AWSFailure {
        AWSFailure("InvalidDocument", "Document with name \(name) does not exist.")
    }

    private func name(_ input: JSON) -> String { input["Name"]?.string ?? "" }

    /// The document of a name in this account, of Amazon, or of an ARN that its owner shares with this account.
    func document(_ name: String) throws(AWSFailure) -> DocumentBook.Entry {
        let documents = simulator.commands.documents
        guard name.hasPrefix("arn:") else {
            guard
                let found = documents.entry(name, owner: account.id, region: region)
                    ?? documents.entry(name, owner: "Amazon", region: region)
            else { throw invalid(name) }
            return found
        }
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[3] == region, parts[5].hasPrefix("document/") else { throw invalid(name) }
        let owner = String(parts[4])
        let own = String(parts[5].dropFirst(9))
        guard let found = documents.entry(own, owner: owner, region: region),
            let seen = owner == account.id ? found : found.seen(by: account.id)
        else { throw invalid(name) }
        return seen
    }

    /// Changes a document of this account.
    private func change<Value>(
        _ input: JSON, _ body: (inout Entry) throws(AWSFailure) -> Value
    ) throws(AWSFailure) -> Value {
        let name = name(input)
        return try simulator.commands.documents.change(name, owner: account.id, region: region) {
            (entry) throws(AWSFailure) -> Value in
            guard var found = entry else { throw invalid(name) }
            let value = try body(&found)
            entry = found
            return value
        }
    }

    /// The content that a call brings.
    private func content(_ input: JSON) throws(AWSFailure) -> Document {
        let bytes = Array((input["Content"]?.string ?? "").utf8)
        guard bytes.count <= DocumentBook.mostBytes else {
            throw AWSFailure("MaxDocumentSizeExceeded", "The size limit of a document is 64 KB.")
        }
        return try Document(name: name(input), content: bytes)
    }

    private func createDocument(_ input: JSON) throws(AWSFailure) -> JSON {
        let name = name(input)
        guard name.wholeMatch(of: /[a-zA-Z0-9_.-]{3,128}/) != nil else {
            throw .validation("1 validation error detected: Value '\(name)' at 'name' failed to satisfy constraint")
        }
        let reserved = ["aws", "amazon", "amzn"].first { name.lowercased().hasPrefix($0) }
        guard input["DocumentType"]?.string == "Command", reserved == nil else {
            throw AWSFailure("InvalidDocumentContent", "fleet-simulator makes Command documents that are not AWS's.")
        }
        let document = try content(input)
        let entry = try simulator.commands.documents.change(name, owner: account.id, region: region) {
            (entry) throws(AWSFailure) -> Entry in
            guard entry == nil else {
                throw AWSFailure("DocumentAlreadyExists", "Document with same name \(name) already exists")
            }
            let first = Entry.Version(number: 1, name: input["VersionName"]?.string, document: document)
            let made = Entry(name: name, owner: account.id, versions: [first], defaultVersion: 1, shared: [:])
            entry = made
            return made
        }
        return ["DocumentDescription": description(entry, try entry.version("1"))]
    }

    private func updateDocument(_ input: JSON) throws(AWSFailure) -> JSON {
        let document = try content(input)
        let (wanted, versionName) = (input["DocumentVersion"]?.string, input["VersionName"]?.string)
        let entry = try change(input) { (entry) throws(AWSFailure) -> Entry in
            guard wanted == "$LATEST" || wanted == String(entry.latest) else {
                throw AWSFailure("InvalidDocumentVersion", "Only the latest version of a document can be updated.")
            }
            guard !entry.versions.contains(where: { $0.document.hash == document.hash }) else {
                throw AWSFailure(
                    "DuplicateDocumentContent", "The content of the document matches that of another version.")
            }
            guard versionName == nil || !entry.versions.contains(where: { $0.name == versionName }) else {
                throw AWSFailure("DuplicateDocumentVersionName", "The version name has already been used.")
            }
            guard entry.versions.count < DocumentBook.mostVersions else {
                throw AWSFailure("DocumentVersionLimitExceeded", "The document has too many versions. Delete some.")
            }
            entry.versions.append(.init(number: entry.latest + 1, name: versionName, document: document))
            return entry
        }
        return ["DocumentDescription": description(entry, try entry.version("$LATEST"))]
    }

    private func setDefaultVersion(_ input: JSON) throws(AWSFailure) -> JSON {
        let wanted = input["DocumentVersion"]?.string ?? ""
        return try change(input) { (entry) throws(AWSFailure) -> JSON in
            let version = try entry.version(wanted)
            entry.defaultVersion = version.number
            return [
                "Description": [
                    "Name": .string(entry.name), "DefaultVersion": .string(wanted),
                    "DefaultVersionName": version.name.map(JSON.string),
                ]
            ]
        }
    }

    private func deleteDocument(_ input: JSON) throws(AWSFailure) -> JSON {
        let name = name(input)
        return try simulator.commands.documents.change(name, owner: account.id, region: region) {
            (entry) throws(AWSFailure) -> JSON in
            guard let found = entry else { throw invalid(name) }
            guard found.shared?.isEmpty ?? true else {
                throw AWSFailure(
                    "InvalidDocumentOperation",
                    "You attempted to delete a document while it is still shared. You must stop sharing the document before you can delete it."
                )
            }
            guard input["DocumentVersion"] != nil || input["VersionName"] != nil else {
                entry = nil
                return .object([])
            }
            let version = try found.version(input["DocumentVersion"]?.string, name: input["VersionName"]?.string)
            guard version.number != found.defaultVersion else {
                throw AWSFailure("InvalidDocumentOperation", "Default version of the document can't be deleted.")
            }
            entry?.versions.removeAll { $0.number == version.number }
            return .object([])
        }
    }

    private func description(_ entry: Entry, _ version: Entry.Version) -> JSON {
        .object([
            ("Name", .string(entry.name)), ("Hash", .string(version.document.hash)), ("HashType", "Sha256"),
            ("Owner", .string(entry.owner)),
            ("Status", .string(version.status(first: version.number == 1 ? "Creating" : "Updating"))),
            ("CreatedDate", .time(version.madeAt)), ("VersionName", version.name.map(JSON.string)),
            ("Description", version.document.description.map(JSON.string)),
            ("DocumentVersion", .string(String(version.number))), ("LatestVersion", .string(String(entry.latest))),
            ("DefaultVersion", .string(String(entry.defaultVersion))), ("DocumentType", "Command"),
            ("SchemaVersion", "2.2"), ("DocumentFormat", "JSON"), ("PlatformTypes", ["Linux"]),
            ("TargetType", "/AWS::EC2::Instance"),
        ])
    }

    private func describeDocument(_ input: JSON) throws(AWSFailure) -> JSON {
        let entry = try document(name(input))
        let version = try entry.version(input["DocumentVersion"]?.string, name: input["VersionName"]?.string)
        return ["Document": description(entry, version)]
    }

    private func getDocument(_ input: JSON) throws(AWSFailure) -> JSON {
        let entry = try document(name(input))
        let version = try entry.version(input["DocumentVersion"]?.string, name: input["VersionName"]?.string)
        return .object([
            ("Name", .string(entry.name)), ("CreatedDate", .time(version.madeAt)),
            ("VersionName", version.name.map(JSON.string)), ("DocumentVersion", .string(String(version.number))),
            ("Status", .string(version.status(first: version.number == 1 ? "Creating" : "Updating"))),
            ("Content", .string(String(decoding: version.document.content, as: UTF8.self))),
            ("DocumentType", "Command"), ("DocumentFormat", "JSON"),
        ])
    }

    /// The items of a page, and the token of the next one.
    private func page<Item>(
        _ items: [Item], _ input: JSON, most: Int
    ) throws(AWSFailure) -> (items: ArraySlice<Item>, next: JSON?) {
        let size = input["MaxResults"]?.int ?? most
        guard (1...most).contains(size) else {
            throw .validation(
                "1 validation error detected: Value '\(size)' at 'maxResults' failed to satisfy constraint: 1 to \(most)"
            )
        }
        guard let start = Page.start(input["NextToken"]?.string), start <= items.count else {
            throw AWSFailure("InvalidNextToken", "The specified token isn't valid.")
        }
        let end = min(start + size, items.count)
        return (items[start..<end], end < items.count ? .string(Page.token(end)) : nil)
    }

    private func listVersions(_ input: JSON) throws(AWSFailure) -> JSON {
        let entry = try document(name(input))
        let (versions, next) = try page(entry.versions, input, most: 50)
        let rows = versions.map { version -> JSON in
            .object([
                ("Name", .string(entry.name)), ("DocumentVersion", .string(String(version.number))),
                ("VersionName", version.name.map(JSON.string)), ("CreatedDate", .time(version.madeAt)),
                ("IsDefaultVersion", .bool(version.number == entry.defaultVersion)), ("DocumentFormat", "JSON"),
                ("Status", .string(version.status(first: version.number == 1 ? "Creating" : "Updating"))),
            ])
        }
        return .object([("DocumentVersions", .array(rows)), ("NextToken", next)])
    }

    private func share(_ input: JSON) throws(AWSFailure) -> JSON {
        guard input["PermissionType"]?.string == "Share" else {
            throw AWSFailure("InvalidPermissionType", "The permission type isn't supported. Share is the only one.")
        }
        let (added, removed) = (input["AccountIdsToAdd"]?.strings ?? [], input["AccountIdsToRemove"]?.strings ?? [])
        guard added.count <= 20, removed.count <= 20 else {
            throw .validation(
                "1 validation error detected: Value at 'accountIdsToAdd' failed to satisfy constraint: Member must have length less than or equal to 20"
            )
        }
        for id in added + removed where id.wholeMatch(of: /(all|[0-9]{12})/.ignoresCase()) == nil {
            throw .validation("1 validation error detected: Value '\(id)' at 'accountIds' failed to satisfy constraint")
        }
        let version = input["SharedDocumentVersion"]?.string ?? "$DEFAULT"
        guard ["$DEFAULT", "$LATEST", "$ALL"].contains(version) else {
            throw .validation(
                "1 validation error detected: Value '\(version)' at 'sharedDocumentVersion' failed to satisfy constraint"
            )
        }
        return try change(input) { (entry) throws(AWSFailure) -> JSON in
            var shared = entry.shared ?? ["all": "$ALL"]
            for id in removed { shared[id] = nil }
            for id in added { shared[id] = version }
            guard shared.count <= DocumentBook.mostAccounts else {
                throw AWSFailure(
                    "DocumentPermissionLimit",
                    "The document can't be shared with more Amazon Web Services accounts: 1000 is the limit.")
            }
            entry.shared = shared
            return .object([])
        }
    }

    private func describeSharing(_ input: JSON) throws(AWSFailure) -> JSON {
        guard input["PermissionType"]?.string == "Share" else {
            throw AWSFailure("InvalidPermissionType", "The permission type isn't supported. Share is the only one.")
        }
        let entry = try document(name(input))
        guard entry.owner == account.id else { throw invalid(name(input)) }
        let all = (entry.shared ?? ["all": "$ALL"]).sorted { $0.key < $1.key }
        let (shared, next) = try page(all, input, most: 200)
        return .object([
            ("AccountIds", .array(shared.map { .string($0.key) })),
            (
                "AccountSharingInfoList",
                .array(shared.map { ["AccountId": .string($0.key), "SharedDocumentVersion": .string($0.value)] })
            ), ("NextToken", next),
        ])
    }
}
