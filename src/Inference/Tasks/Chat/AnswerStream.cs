using System.Text.Json;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>The events of one streamed answer, each with the tokens that are delivered with it. One writer.</summary>
internal sealed class AnswerEvents(EventStream stream)
{
    /// <summary>Tokens delivered so far, over all choices.</summary>
    public long Delivered { get; private set; }

    /// <summary>Events written so far.</summary>
    public int Count { get; private set; }

    public void Deliver(int tokens) => Delivered += tokens;

    /// <summary>Writes an event without a name.</summary>
    public void Write<TState>(TState state, Action<TState, Utf8JsonWriter> write) => Write(null, state, write);

    /// <param name="name">Its name, ASCII; null for none.</param>
    public void Write<TState>(string? name, TState state, Action<TState, Utf8JsonWriter> write)
    {
        Count++;
        stream.Write(Delivered, name, state, write);
    }

    /// <summary>Writes <c>[DONE]</c>.</summary>
    public void WriteDone() => stream.WriteDone(Delivered);
}

/// <summary>Writes the steps of one request as events, and counts the tokens that are out. One writer.</summary>
internal sealed class AnswerStream(EventStream stream, AnswerFormat format, int choices)
{
    private readonly AnswerEvents _events = new(stream);
    private readonly int[] _delivered = new int[choices];
    private readonly bool[] _begun = new bool[choices];

    /// <summary>Something was written.</summary>
    public bool Begun { get; private set; }

    public void Write(AnswerStep step)
    {
        Begun = true;
        if (!_begun[step.Choice])
        {
            _begun[step.Choice] = true;
            format.BeginChoice(_events, step);
        }

        _events.Deliver(step.DeliveredTokens - _delivered[step.Choice]);
        _delivered[step.Choice] = step.DeliveredTokens;
        format.WriteStep(_events, step);
    }

    /// <summary>Ends the stream well.</summary>
    public void End(Units units) => format.End(_events, units);

    /// <summary>Ends the stream with an error; nothing follows it.</summary>
    public void Fail(OpenAiError error) => format.Fail(_events, error);
}
