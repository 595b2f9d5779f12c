using Tollgate.Contracts.Idempotency;
using Tollgate.Gateway.Memory;

namespace Tollgate.Gateway.Idempotency;

/// <summary>
/// The answer of one request with an <c>Idempotency-Key</c> while it goes out, at most <see cref="IdempotentAnswers.MostBytes"/> of it in
/// memory. Used by its request alone; dispose returns the memory.
/// </summary>
internal sealed class AnswerRecording : IDisposable
{
    private readonly IdempotencyDesk _desk;
    private readonly IdempotentRequest _asked;
    private readonly Guid _requestId;
    private readonly string _model;
    private readonly int _head;
    private PooledBuffer _plain = new(4096);
    private bool _tooLarge;

    public AnswerRecording(IdempotencyDesk desk, IdempotentRequest asked, Guid requestId, string model, AnswerKind kind)
    {
        (_desk, _asked, _requestId, _model, _tooLarge) = (desk, asked, requestId, model, kind == AnswerKind.TooLarge);
        StoredAnswer.WriteHead(_plain, asked.Digest, kind, model);
        _head = _plain.Length;
    }

    /// <summary>Of the request's idempotency key, as the store knows it.</summary>
    public byte[] KeyHash => _asked.Names[0].KeyHash;

    /// <summary>Takes in what goes out to the client next.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_tooLarge)
        {
            return;
        }

        if (_plain.Length - _head + bytes.Length > IdempotentAnswers.MostBytes)
        {
            _tooLarge = true;
            _plain.Dispose();
            _plain = new PooledBuffer(256);
            StoredAnswer.WriteHead(_plain, _asked.Digest, AnswerKind.TooLarge, _model);
            return;
        }

        bytes.CopyTo(_plain.Free(bytes.Length).Span);
        _plain.Advance(bytes.Length);
    }

    /// <summary>Keeps what was taken in as the whole answer, or that there was one. False when that could not be done in time.</summary>
    public Task<bool> KeepAsync() => _desk.KeepAsync(_asked.Names[0], _requestId, _plain.Written);

    public void Dispose() => _plain.Dispose();
}
