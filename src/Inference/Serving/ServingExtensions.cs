using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Witness;

namespace Tollgate.Inference.Serving;

/// <summary>Registers the worker.</summary>
internal static class ServingExtensions
{
    public static void AddServing(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        builder.AddOptions<WorkerOptions, WorkerOptionsValidator>(WorkerOptions.Section);
        builder.AddOptions<ModelsOptions, ModelsOptionsValidator>(ModelsOptions.Section);
        builder.AddOptions<ExecutionOptions, ExecutionOptionsValidator>(ExecutionOptions.Section);
        builder.AddOptions<GenerationOptions, GenerationOptionsValidator>(GenerationOptions.Section);
        builder.AddOptions<WitnessOptions, WitnessOptionsValidator>(WitnessOptions.Section);

        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<ExecutionOptions>>().Value;
            return new SessionFactory(ExecutionProvider.Probe(options.Provider), options.Threads, options.Spin);
        });
        services.AddSingleton(provider => new ModelStore(provider.GetRequiredService<IOptions<ModelsOptions>>().Value.Directory));
        services.AddSingleton<InferenceMetrics>().AddSingleton<WitnessLog>().AddSingleton<LogReader>().AddSingleton<WorkerStart>();
        services.AddSingleton<RunningRequests>().AddSingleton<Answers>().AddSingleton<EmbeddingAnswers>().AddSingleton<ModelLoader>();
        services.AddSingleton<HoldGuard>().AddSingleton<PromptReader>();
        services.AddSingleton<ServedModels>().AddHostedService(provider => provider.GetRequiredService<ServedModels>());
        services.AddSingleton<Draining>().AddHostedService(provider => provider.GetRequiredService<Draining>());
        services.AddSingleton<StatusReport>();
        services.AddHealthChecks()
            .AddCheck<LivenessCheck>("steps", tags: ["live"])
            .AddCheck<ReadinessCheck>("models", tags: ["ready"]);
    }

    private static void AddOptions<TOptions, TValidator>(this WebApplicationBuilder builder, string section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>
    {
        builder.Services.AddSingleton<IValidateOptions<TOptions>, TValidator>();
        builder.Services.AddOptions<TOptions>().Bind(builder.Configuration.GetSection(section)).ValidateOnStart();
    }
}
