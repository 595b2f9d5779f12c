using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Writes the steps of one request as the chunks of an event stream, and counts the tokens that are out. One writer.</summary>
internal sealed class ChunkWriter(EventStream stream, AnswerFormat format, int choices)
{
    private readonly int[] _delivered = new int[choices];
    private readonly bool[] _begun = new bool[choices];
    private long _total;

    /// <summary>Something was written.</summary>
    public bool Begun { get; private set; }

    public void Write(GenerationEvent step)
    {
        Begun = true;
        if (!_begun[step.Choice])
        {
            _begun[step.Choice] = true;
            if (format.HasStart)
            {
                stream.Write(_total, (format, step.Choice), static (state, json) => state.format.WriteStart(json, state.Choice));
            }
        }

        _total += step.DeliveredTokens - _delivered[step.Choice];
        _delivered[step.Choice] = step.DeliveredTokens;
        if (step.Text.Length > 0 || step.Tokens.Count > 0)
        {
            stream.Write(_total, (format, step), static (state, json) => state.format.WriteDelta(json, state.step));
        }

        if (step.Finish is { } reason)
        {
            stream.Write(
                _total, (format, step.Choice, reason), static (state, json) => state.format.WriteFinish(json, state.Choice, state.reason));
        }
    }

    /// <summary>Ends the stream well.</summary>
    public void WriteEnd(Units units)
    {
        if (format.IncludeUsage)
        {
            stream.Write(_total, (format, units), static (state, json) => state.format.WriteUsageChunk(json, state.units));
        }

        stream.WriteDone(_total);
    }

    /// <summary>Ends the stream with an error; nothing follows it.</summary>
    public void WriteError(OpenAiError error) => stream.Write(_total, error, static (error, json) => error.WriteTo(json));
}
