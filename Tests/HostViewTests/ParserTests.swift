import Testing

@testable import HostView

@Suite("Kernel and system files")
struct ParserTests {
    @Test(
        "the sockets of a namespace are counted by protocol",
        arguments: [
            ("TCP", "sockets: used 96\nTCP: inuse 5 orphan 0 tw 0 alloc 7 mem 1\nUDP: inuse 0 mem 0\n", 5),
            ("TCP", "sockets: used 1\nTCP: inuse 0 orphan 0\n", 0), ("TCP6", "TCP6: inuse 2\nUDP6: inuse 0\n", 2),
            ("TCP6", "TCP6: inuse\n", nil), ("TCP", "", nil), ("TCP", "TCP: inuse many", nil),
        ] as [(String, String, Int?)])
    func socketCounts(protocol: String, text: String, count: Int?) {
        #expect(SocketTable.inUse(`protocol`, text) == count)
    }

    @Test("a process's name may hold anything: the last bracket ends it")
    func stat() throws {
        let details = try #require(
            ProcessDetails.parse(
                stat: "12 (a) S 1 (evil\n) R 7 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 1900000 100 18\n"))
        #expect(details.command == "a) S 1 (evil\n")
        #expect(details.ppid == 7 && details.startTicks == 4242 && details.memoryBytes == 100 * 4096)
        for text in ["", "12", "12 (x", "12 (x) S", "12 )x( S 1"] {
            #expect(ProcessDetails.parse(stat: text) == nil, "\(text)")
        }
    }

    @Test("arguments are split at NUL; empty ones and invalid UTF-8 stay visible")
    func commandLine() {
        #expect(HostProcess.parse(commandLine: Array("mysqld\0--a=\0\0b\0\0\0".utf8)) == ["mysqld", "--a=", "", "b"])
        #expect(HostProcess.parse(commandLine: [0x61, 0xFF, 0]) == ["a\u{FFFD}"])
        #expect(HostProcess.parse(commandLine: []) == [])
    }

    @Test("net/tcp and tcp6: only listening sockets, addresses in the machine's byte order")
    func netTCP() {
        let text = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   106        0 100 1 0 100 0 0 10 0
               1: 0100007F:0CEA 0100007F:D431 01 00000000:00000000 00:00000000 00000000   106        0 101 1 0
               2: 00000000000000000000000001000000:1538 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 102 1
               3: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 103 1
               4: garbage
               5: ZZZZZZZZ:0CEA 00000000:0000 0A 0:0 00:0 0 0 0 104 1
            """
        let found = NetTCP.parse(Array(text.utf8))
        #expect(found.keys.sorted() == [100, 102, 103])
        #expect(found[100]?.address == "127.0.0.1" && found[100]?.port == 3306 && found[100]?.reach == .loopback)
        #expect(found[102]?.address == "::1" && found[102]?.port == 5432 && found[102]?.reach == .loopback)
        #expect(found[103]?.address == "::ffff:127.0.0.1" && found[103]?.reach == .loopback)
    }

    @Test(
        "who can reach an address",
        arguments: [
            ([0, 0, 0, 0], TCPListener.Reach.everyAddress), ([127, 5, 0, 1], .loopback), ([10, 0, 0, 1], .oneAddress),
            ([UInt8](repeating: 0, count: 16), .everyAddress),
            ([0xFE, 0x80] + [UInt8](repeating: 0, count: 14), .oneAddress),
            ([UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 0, 0, 0, 0], .everyAddress),
        ] as [([UInt8], TCPListener.Reach)])
    func reach(bytes: [UInt8], reach: TCPListener.Reach) {
        #expect(TCPListener(addressBytes: bytes, port: 1, inode: 1).reach == reach)
    }

    @Test("net/unix: listening sockets only, names with blanks whole")
    func netUnix() {
        let text = """
            Num       RefCount Protocol Flags    Type St Inode Path
            0000000000000000: 00000002 00000000 00010000 0001 01 20 /run/mysqld/my sql.sock
            0000000000000000: 00000003 00000000 00000000 0001 03 21 /run/mysqld/my sql.sock
            0000000000000000: 00000002 00000000 00010000 0001 01 22
            0000000000000000: 00000002 00000000 00010000 0001 01 23 @abstract
            """
        #expect(NetUnix.parse(Array(text.utf8)) == [20: "/run/mysqld/my sql.sock", 23: "@abstract"])
    }

    @Test("a line that somebody's socket name makes up contradicts the real one: then the path is not known")
    func forgedUnix() {
        let real = "0000000000000000: 00000002 00000000 00010000 0001 01 20 /run/postgresql/.s.PGSQL.5432"
        let forged =
            "0000000000000000: 00000002 00000000 00010000 0001 01 99 @\n0: 0 0 10000 1 1 20 /home/evil/.s.PGSQL.5432"
        for lines in [[real, forged], [forged, real]] {
            let text = "Num RefCount Protocol Flags Type St Inode Path\n" + lines.joined(separator: "\n") + "\n"
            #expect(NetUnix.parse(Array(text.utf8))[20]?.isEmpty == true)
        }
    }

    @Test("mountinfo: escapes, optional fields, the mount that holds a path")
    func mounts() {
        let text = """
            28 1 259:1 / / rw,noatime shared:1 - xfs /dev/nvme0n1p1 rw,seclabel
            35 28 259:4 / /var/lib rw - ext4 /dev/nvme1n1 rw
            36 35 259:5 / /var/lib/my\\040sql rw shared:3 master:4 - ext4 /dev/x\\134y rw
            37 28 0:40 / /var/lib rw - tmpfs over rw
            bad line
            """
        let mounts = Mounts(Array(text.utf8))
        #expect(mounts.mounts.count == 4)
        #expect(mounts.holding("/var/lib/my sql/db")?.source == "/dev/x\\y")
        #expect(mounts.holding("/var/lib/other")?.source == "over")
        #expect(mounts.holding("/var/library")?.source == "/dev/nvme0n1p1")
        #expect(mounts.holding("/")?.point == "/")
    }

    @Test("passwd: the first of a number counts, broken lines are passed over")
    func users() {
        let accounts = Users.parse(
            "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:\nbad\nx:x:y:1::/:\nmysql:x:106:1:a:/nonexistent:/bin/false")
        #expect(accounts == [0: .init(name: "root", home: "/root"), 106: .init(name: "mysql", home: "/nonexistent")])
    }

    @Test("os-release: quotes and escapes")
    func osRelease() {
        let release = OSRelease.parse("# c\nID=amzn\nVERSION_ID=\"2023\"\nPRETTY_NAME='A \\\"B\\\"'\nX\n")
        #expect(release == OSRelease(id: "amzn", version: "2023", name: "A \"B\""))
        #expect(OSRelease.parse("VERSION_ID=1") == nil)
    }

    @Test("dpkg: only what is installed, fields of descriptions not taken for fields")
    func dpkg() {
        let text = """
            Package: a
            Status: install ok installed
            Version: 1:2.3-4
            Description: x
             Version: 9
             Package: evil

            Package: b
            Status: deinstall ok config-files
            Version: 1

            Package: c
            Version: 7
            Status: hold ok installed
            """
        #expect(Dpkg.parse(Array(text.utf8)).map { [$0.name, $0.version] } == [["a", "1:2.3-4"], ["c", "7"]])
    }

    @Test("host facts: nonsense gives nil, never a guess")
    func facts() {
        #expect(HostFacts.countCPUs("0-3,8,10-11") == 7)
        for list in ["", "x", "3-1", "0-9999999999", "-"] { #expect(HostFacts.countCPUs(list) == nil, "\(list)") }
        #expect(HostFacts.memoryTotal("MemFree: 1 kB\nMemTotal:   2048 kB\n") == 2_097_152)
        #expect(HostFacts.memoryTotal("MemTotal: -") == nil)
        #expect(HostFacts.bootTime("cpu 1\nbtime 1790000000\n") == 1_790_000_000)
        #expect(HostFacts.validMachineID("uninitialized") == nil)
        #expect(
            HostFacts.inet6Addresses(
                "20010db8000000000000000000000001 02 40 00 80 eth0\nfe800000000000000000000000000001 02 40 20 80 eth0")
                == ["2001:db8::1"])
    }

    @Test("cloud: instance data is read through an allow-list, and only when it is AWS's")
    func cloud() {
        var identity = CloudIdentity()
        identity.add(instanceData: Array(#"{"v1":{"cloud_name":"gce","instance_id":"i-0123456789abcdef0"}}"#.utf8))
        #expect(identity == CloudIdentity())
        identity.add(
            instanceData: Array(
                #"{"v1":{"cloud_name":"aws","instance_id":"i-0123456789abcdef0","region":"eu\u001b"}}"#.utf8))
        #expect(identity.instanceID == "i-0123456789abcdef0" && identity.region == nil)
        identity.add(instanceData: Array("nonsense".utf8))
        for id in ["i-", "i-xyz", "i-0123456789", "x-01234567"] { #expect(!CloudIdentity.isInstanceID(id), "\(id)") }
    }

    @Test("a socket's inode is taken only from the kernel's own words")
    func sockets() {
        #expect(OpenFiles.socketInode("socket:[42]") == 42)
        for text in ["socket:[x]", "socket:42", "/tmp/socket:[42]", "pipe:[42]"] {
            #expect(OpenFiles.socketInode(text) == nil, "\(text)")
        }
    }
}
