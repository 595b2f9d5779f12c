using Tollgate.Contracts.Metering;

namespace Tollgate.Inference.Requests;

/// <summary>A request that a model works on.</summary>
internal interface IRunningWork
{
    Guid RequestId { get; }

    /// <summary>What has been computed so far; final once <see cref="Ended"/> has.</summary>
    Units Units { get; }

    /// <summary>Ends when nothing is computed for it any more and the worker's log has its units.</summary>
    Task Ended { get; }

    /// <summary>Ends the work, because the answer is not wanted any more. Any thread, any number of times.</summary>
    void Cancel();
}
