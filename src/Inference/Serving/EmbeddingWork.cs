using Tollgate.Contracts.Usage;

namespace Tollgate.Inference.Serving;

/// <summary>A request that an embedding model works on. Its runs count themselves; a cancel ends it between two of them.</summary>
internal sealed class EmbeddingWork : IRunningWork, IDisposable
{
    private readonly CancellationTokenSource _cancel = new();
    private readonly CancellationTokenRegistration _gone;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _tokens;

    /// <param name="gone">Cancelled when the gateway's connection is gone.</param>
    public EmbeddingWork(Guid requestId, CancellationToken gone)
    {
        RequestId = requestId;
        Token = _cancel.Token;
        _gone = gone.UnsafeRegister(static state => ((EmbeddingWork)state!).Cancel(), this);
    }

    public Guid RequestId { get; }

    public Units Units => new(Interlocked.Read(ref _tokens));

    public Task Ended => _ended.Task;

    /// <summary>Cancelled when nobody wants the answer any more.</summary>
    public CancellationToken Token { get; }

    public void Ran(int tokens) => Interlocked.Add(ref _tokens, tokens);

    /// <summary>Nothing is computed any more, and the log has what was.</summary>
    public void End() => _ended.TrySetResult();

    public void Cancel()
    {
        if (!_ended.Task.IsCompleted)
        {
            _cancel.Cancel();
        }
    }

    /// <summary>The source stays: a cancel call may have found the request just before it ended.</summary>
    public void Dispose() => _gone.Dispose();
}
