using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Encoders;

/// <summary>What the encoders of a worker share.</summary>
/// <param name="Queue">The queue in front of each of them.</param>
/// <param name="Quiet">Who else has work at this worker.</param>
internal sealed record EncoderHost(SessionFactory Sessions, QueueOptions Queue, QuietOrganizations Quiet, TimeProvider Clock)
{
    /// <summary>Starts the engine of a graph.</summary>
    /// <param name="batching">Whether rows may share a run, as the model's manifest states.</param>
    public EncoderEngine Start(EncoderGraph graph, bool batching) => new(
        (rows, read) => graph.Run(rows, read),
        batching ? new BatchLimits() : BatchLimits.OneByOne,
        new FairTurns(new QueuePlaces(Queue.QueueLength, Queue.QueueLengthPerOrganization), Quiet, Clock),
        Queue.QueueTimeout,
        Clock);
}

/// <summary>Registers what encoders share.</summary>
internal static class EncoderServices
{
    public static void AddEncoders(this IServiceCollection services) => services.AddSingleton(provider => new EncoderHost(
        provider.GetRequiredService<SessionFactory>(),
        provider.GetRequiredService<IOptions<QueueOptions>>().Value,
        provider.GetRequiredService<QuietOrganizations>(),
        provider.GetRequiredService<TimeProvider>()));
}
