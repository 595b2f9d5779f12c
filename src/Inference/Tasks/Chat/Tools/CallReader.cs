using System.Security.Cryptography;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Tools;

namespace Tollgate.Inference.Tasks.Chat.Tools;

/// <summary>Reads calls of functions out of a choice's text. Tokens for log-probabilities are those of the remaining text alone.</summary>
internal sealed class CallReader : AnswerReader
{
    private const int IdLength = 24;
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private readonly CallScanner _scanner;
    private readonly LoadedDecoder _decoder;
    private readonly IReadOnlyDictionary<int, byte[]> _marks;
    private readonly Guid _request;
    private readonly Queue<(TokenChoice Token, long Begin)> _tokens = new();
    private long _tokenEnd;
    private int _delivered;

    public CallReader(Guid request, LoadedDecoder decoder, CallChoices calls)
    {
        (_request, _decoder, _marks) = (request, decoder, calls.Marks);
        _scanner = calls.MakeScanner(isConstrained: true, why => decoder.Prompts.NoteCall(decoder, request, why));
    }

    public override IReadOnlyList<AnswerStep> Read(GenerationEvent step)
    {
        foreach (var token in step.Tokens)
        {
            _tokens.Enqueue((token, _tokenEnd));
            _tokenEnd += _marks.TryGetValue(token.Token, out var mark) ? mark.Length
                : _decoder.Model.Tokenizer.TokenBytes(token.Token).Length;
        }

        var steps = new List<AnswerStep>();
        Add(steps, step.Choice, _scanner.Read(step.Text));
        if (step.Finish is not { } finish)
        {
            _delivered = _scanner.Holds ? _delivered : step.DeliveredTokens;
            return Close(steps, step, finish: null);
        }

        var isCut = finish == FinishReason.Length || step.StoppedBy is not null;
        Add(steps, step.Choice, _scanner.End(isCut));
        _delivered = step.DeliveredTokens;
        for (var i = 0; i < _scanner.Whole; i++)
        {
            _decoder.Prompts.NoteCall(_decoder, _request, "whole");
        }

        return Close(steps, step, finish == FinishReason.Stop && !isCut && _scanner.Whole > 0 ? FinishReason.ToolCalls : finish);
    }

    private void Add(List<AnswerStep> steps, int choice, IReadOnlyList<ScannedPart> parts)
    {
        foreach (var part in parts)
        {
            steps.Add(new AnswerStep(choice, part.Text, _delivered, part.Call is null ? TokensOf(part) : [], Finish: null)
            {
                Call = part.Call is { } call
                    ? new CallPiece(call.Index, IdOf(choice, call.Index), call.Name, call.IsFirst, call.Arguments, call.IsLast) : null,
            });
        }
    }

    /// <summary>Gives the last step what the event says of tokens and of the end.</summary>
    private List<AnswerStep> Close(List<AnswerStep> steps, GenerationEvent step, FinishReason? finish)
    {
        if (steps.Count == 0)
        {
            steps.Add(new AnswerStep(step.Choice, "", _delivered, [], Finish: null));
        }

        steps[^1] = steps[^1] with { DeliveredTokens = _delivered, Finish = finish, StoppedBy = step.StoppedBy };
        return steps;
    }

    /// <summary>The tokens that begin in the part; those that begin in what was dropped before it are gone.</summary>
    private List<TokenChoice> TokensOf(ScannedPart part)
    {
        var tokens = new List<TokenChoice>();
        while (_tokens.TryPeek(out var next) && next.Begin < part.End)
        {
            if (next.Begin >= part.Start)
            {
                tokens.Add(next.Token);
            }

            _tokens.Dequeue();
        }

        return tokens;
    }

    /// <summary>The same for a request that is run again.</summary>
    private string IdOf(int choice, int call)
    {
        Span<byte> source = stackalloc byte[24];
        _request.TryWriteBytes(source);
        BitConverter.TryWriteBytes(source[16..], choice);
        BitConverter.TryWriteBytes(source[20..], call);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(source, hash);
        return string.Create(IdLength + 5, hash.ToArray(), static (id, hash) =>
        {
            "call_".CopyTo(id);
            for (var i = 0; i < IdLength; i++)
            {
                id[i + 5] = Letters[hash[i] % Letters.Length];
            }
        });
    }
}
