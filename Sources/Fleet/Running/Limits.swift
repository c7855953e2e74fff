/// What all tasks share.
struct Limits {
    /// Commands that hosts carry out at a time.
    let commands: FairLimiter
    /// Batches whose reports are read and stored at a time. The store has one writer: when all came at once, none would
    /// be done before the last, and no place would be free for the next command.
    let intake = FairLimiter(3)

    init(commands: Int) { self.commands = FairLimiter(commands) }
}
