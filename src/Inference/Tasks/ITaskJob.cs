using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks;

/// <summary>A checked request for one loaded model.</summary>
internal interface ITaskJob
{
    LoadedModel Model { get; }

    /// <summary>Makes the run of this request; it begins with <see cref="ITaskRun.AnswerAsync"/>.</summary>
    ITaskRun Begin(RequestScope scope);
}

/// <summary>
/// One request that a model works on. It checks its hold before it computes, and writes what it computed to the worker's log before the
/// answer's last byte goes out; a cancel call can find it from its beginning to its end.
/// </summary>
internal interface ITaskRun : IRunningWork
{
    /// <summary>Computes the answer and sends it, whole or as events, or refuses. Called once.</summary>
    /// <exception cref="OperationCanceledException">The gateway has gone.</exception>
    /// <exception cref="IOException">The gateway has gone.</exception>
    Task AnswerAsync(Reply reply);
}
