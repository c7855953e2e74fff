/// What all tasks share.
struct Limits {
    /// Commands that hosts carry out at a time.
    let commands: FairLimiter
    /// How many commands all processes on the store may have.
    private let all: Int
    /// Batches whose reports are read and stored at a time. The store has one writer: when all came at once, none would
    /// be done before the last, and no place would be free for the next command.
    let intake = FairLimiter(3)

    init(commands: Int) {
        all = commands
        self.commands = FairLimiter(commands)
    }

    /// Takes this process's part of the commands.
    func share(among processes: Int) async { await commands.resize(all / max(1, processes)) }
}
