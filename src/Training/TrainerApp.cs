using Microsoft.AspNetCore.Builder;
using Tollgate.Inference;
using Tollgate.Training.Jobs;

namespace Tollgate.Training;

/// <summary>Composition root of the service: a worker whose requests are runs of fine-tuning jobs.</summary>
public static class TrainerApp
{
    /// <summary>Builds the service without starting it; the caller decides whether it runs alone or beside others.</summary>
    public static WebApplication Create(string[] args) => InferenceApp.Create(args, builder => builder.AddJobs());
}
