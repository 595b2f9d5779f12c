using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks;

/// <summary>
/// A run whose rows an encoder computes; its units are the tokens of the rows that are computed. It checks the hold when the texts are cut
/// into rows, before anything is computed. A cancel ends it after the runs that have begun.
/// </summary>
internal abstract class EncoderRun(EncoderEngine engine, RequestScope scope) : UnaryRun(scope), IEncoderRequest
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private OpenAiError? _refusal;
    private long _tokens;

    public override Units Units => new(Interlocked.Read(ref _tokens));

    public Party Party => Scope.Identity.Party;

    public abstract long Size { get; }

    public virtual IEnumerable<int>? Pieces => null;

    /// <summary>How often the rows are read at most, by the engine and by <see cref="Pieces"/>.</summary>
    protected virtual int MostReadings => 1;

    public abstract void Read(int row, ReadOnlySpan<float> output);

    public void Count(int tokens) => Interlocked.Add(ref _tokens, tokens);

    IReadOnlyList<EncoderRow>? IEncoderRequest.Encode()
    {
        if (!Encode().TryGet(out var rows, out _refusal))
        {
            return null;
        }

        _refusal = Scope.CheckHold(new Units(rows.Sum(row => (long)row.Length) * MostReadings));
        return _refusal is null ? rows : null;
    }

    /// <summary>Cuts the texts into rows, or refuses the request. Called once.</summary>
    protected abstract OrRefusal<IReadOnlyList<EncoderRow>> Encode();

    /// <summary>Makes the answer, when all rows have been read and all pieces computed.</summary>
    protected abstract OrRefusal<Action<Utf8JsonWriter>> Answer();

    protected override async Task<UnaryOutcome> ComputeAsync(Reply reply, CancellationToken cancellationToken)
    {
        switch (await engine.RunAsync(this, cancellationToken))
        {
            case EncoderOutcome.QueueFull:
                Scope.NoteRefusal("queue_full");
                return new UnaryOutcome.NotTaken(OpenAiError.Overloaded(RetryAfter));
            case EncoderOutcome.Displaced:
                Scope.NoteRefusal("displaced");
                return new UnaryOutcome.Refused(OpenAiError.Overloaded(RetryAfter));
            case EncoderOutcome.Refused:
                return new UnaryOutcome.Refused(_refusal!);
            default:
                return Answer().TryGet(out var write, out var failed)
                    ? new UnaryOutcome.Computed(write) : new UnaryOutcome.Refused(failed);
        }
    }
}
