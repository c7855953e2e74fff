import Foundation
import Report

/// What the agent would report of an instance. Sizes and names are the same in every scan of one instance.
enum HostReport {
    private struct Product: Sendable {
        var engine: String
        var vendor: String
        var versions: [String]
        var port: UInt16
        var user: String
        var executable: String
        var package: String
        var folder: String
    }

    private static let products = [
        Product(
            engine: "postgresql", vendor: "community", versions: ["14.19", "15.14", "16.10", "17.6"], port: 5432,
            user: "postgres", executable: "/usr/bin/postgres", package: "postgresql-server",
            folder: "/var/lib/pgsql/data"),
        Product(
            engine: "mysql", vendor: "oracle", versions: ["5.7.44", "8.0.43", "8.4.6"], port: 3306, user: "mysql",
            executable: "/usr/sbin/mysqld", package: "mysql-community-server", folder: "/var/lib/mysql"),
        Product(
            engine: "mariadb", vendor: "mariadb", versions: ["10.5.29", "10.11.14", "11.4.8"], port: 3306,
            user: "mysql",
            executable: "/usr/sbin/mariadbd", package: "mariadb-server", folder: "/var/lib/mysql"),
        Product(
            engine: "mongodb", vendor: "mongodb", versions: ["4.4.29", "6.0.25", "7.0.23"], port: 27017, user: "mongod",
            executable: "/usr/bin/mongod", package: "mongodb-org-server", folder: "/var/lib/mongo"),
    ]

    /// - Parameter isForged: another instance prints it.
    static func of(_ instance: Instance, at time: Date, agentVersion: String, isForged: Bool = false) -> Report {
        var host = Report.Host()
        host.hostname = "\(instance.hostname).\(instance.region).compute.internal"
        host.machineID = instance.draw.of("machine").hex(32)
        host.bootID = uuid(instance.draw.of("boot"))
        host.os = .init(id: "amzn", version: "2023", name: "Amazon Linux 2023")
        host.kernel = "6.1.147-172.266.amzn2023.\(machine(instance))"
        host.architecture = machine(instance)
        host.cpus = 4
        host.memoryBytes = 16 << 30
        host.bootedAt = instance.launchedAt
        host.addresses = [instance.privateAddress]
        var cloud = Report.Cloud(provider: "aws")
        cloud.accountID = instance.account.id
        cloud.region = instance.region
        cloud.availabilityZone = instance.zone
        cloud.instanceID = instance.id
        cloud.instanceType = instance.type
        // Outside EC2 the agent knows of no cloud.
        if instance.kind != .hybrid || isForged { host.cloud = cloud }
        let databases = (0..<instance.databases).map { database($0, of: instance) }.sorted { $0.key < $1.key }
        return Report(
            agent: .init(version: agentVersion, architecture: machine(instance)), host: host,
            scan: .init(
                startedAt: time, durationMs: 40 + instance.databases, status: .complete, privileged: true,
                sandbox: .init(seccomp: true, landlock: true), processesSeen: 120 + instance.databases,
                engines: ["mysql", "mariadb", "postgresql", "mongodb"].map {
                    .init(id: $0, outcome: .complete, durationMs: 2)
                },
                problems: []),
            databases: databases)
    }

    private static func machine(_ instance: Instance) -> String { instance.isArm ? "aarch64" : "x86_64" }

    private static func uuid(_ draw: Draw) -> String {
        let digits = Array(draw.hex(32))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }

    private static func database(_ index: Int, of instance: Instance) -> Report.Database {
        let draw = instance.draw.of("database").of(index)
        let product = draw.of("product").pick(products)
        let version = draw.of("version").pick(product.versions)
        let folder = index == 0 ? product.folder : "\(product.folder)-\(index)"
        let port = product.port + UInt16(index)
        let isRunning = draw.of("state").fraction < 0.9
        var database = Report.Database(
            key: "\(product.engine):\(folder)", engine: product.engine, state: isRunning ? .running : .stopped)
        database.vendor = product.vendor
        database.version = version
        database.versionPrecision = .exact
        if isRunning {
            var process = Report.Process(pid: Int32(1_000 + index))
            process.ppid = 1
            process.user = product.user
            process.uid = 26
            process.executable = product.executable
            process.executableDeleted = false
            process.arguments = [product.executable]
            process.startedAt = instance.launchedAt.addingTimeInterval(30)
            process.memoryBytes = Int64(50 + draw.of("memory").number(below: 4_000)) << 20
            database.process = process
            database.listeners = [
                .init(address: "0.0.0.0", port: port, protocol: .tcp, exposure: .all, purpose: "client")
            ]
        }
        var data = Report.DataDirectory(path: folder, hostPath: folder, purpose: .data)
        data.uid = 26
        data.files = Int64(100 + draw.of("files").number(below: 5_000))
        let bytes = Int64(100 + draw.of("bytes").number(below: 500_000)) << 20
        data.bytes = bytes
        data.allocatedBytes = bytes
        data.complete = true
        data.filesystem = .init(
            mountPoint: "/", type: "xfs", device: "/dev/nvme0n1p1", totalBytes: 2 << 40, availableBytes: 1 << 40)
        database.dataDirectories = [data]
        database.package = .init(name: product.package, version: "\(version)-1.amzn2023", manager: .rpm)
        database.settings = ["port": "\(port)"]
        database.identity = product.engine == "mysql" ? ["server_uuid": uuid(draw.of("uuid"))] : [:]
        database.evidence = [
            .init(field: "engine", value: product.executable, source: "/proc/\(1_000 + index)/exe"),
            .init(field: "data_directories", value: folder, source: "/proc/\(1_000 + index)/cwd"),
            .init(field: "version", value: version, source: "\(folder)/version"),
            .init(
                field: "package", value: "\(product.package) \(version)-1.amzn2023", source: "/var/lib/rpm/rpmdb.sqlite"
            ),
            .init(field: "settings.port", value: "\(port)", source: "default"),
        ]
        return database
    }
}
