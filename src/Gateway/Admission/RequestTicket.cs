using Tollgate.Contracts.Usage;

namespace Tollgate.Gateway.Admission;

/// <summary>
/// The right to run one admitted request, and the duty to account for it: every change goes to the journal before the client can see what it counts.
/// Closed exactly once; a ticket that is disposed unclosed is closed as <see cref="Outcome.FailedBeforeFirstToken"/> or, after progress, as
/// <see cref="Outcome.FailedAfterFirstToken"/> with the last progress. Used by one request at a time; not thread-safe.
/// </summary>
internal abstract class RequestTicket : IDisposable
{
    public abstract Guid RequestId { get; }

    /// <summary>Redis TIME of the admission.</summary>
    public abstract DateTimeOffset AdmittedAt { get; }

    /// <summary>Output tokens that the hold covers, over all prompts and choices: an <c>id:</c> above it is a broken worker.</summary>
    public abstract long MostOutput { get; }

    /// <summary>Journals that attempt <paramref name="attempt"/> at a worker starts; counts from 1.</summary>
    public abstract void StartAttempt(int attempt);

    /// <summary>
    /// Journals the units of everything up to and including the event that is about to go out. Call before the bytes are written to the client.
    /// The first call, with output 0, says that the prompt was read.
    /// </summary>
    public abstract void Progress(Units units);

    /// <summary>Journals the end with what is charged, and queues the settlement. Call before the last byte goes out. Never throws for a full disk: a spare
    /// segment serves running requests.</summary>
    /// <param name="charged">Units charged, already by the outcome table of design §3.</param>
    /// <param name="delivered">Output tokens in events handed to the response writer.</param>
    public abstract void Close(Outcome outcome, Units charged, long delivered);

    public abstract void Dispose();
}
