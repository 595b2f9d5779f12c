using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Models;
using Tollgate.Inference.Residency;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Endpoints;
using Tollgate.Testing;
using SessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace Tollgate.Inference.Tests.Residency;

/// <summary>What ONNX Runtime's own profile says that a worker ran of a model until it was ready.</summary>
/// <param name="Runs">Runs of all its graphs.</param>
/// <param name="Shapes">Shapes that an operator read, such as <c>8x3x8x8</c>.</param>
internal sealed record ProfiledLoad(int Runs, IReadOnlySet<string> Shapes)
{
    /// <summary>Loads the only model of a repository as a worker does, and lets it go.</summary>
    /// <param name="more">Settings of the worker.</param>
    public static async Task<ProfiledLoad> OfAsync(string repository, params string[] more)
    {
        var profiles = TestFolder.Create("profiles");
        var sessions = 0;
        void Configure(SessionOptions options)
        {
            options.ProfileOutputPathPrefix = Path.Combine(profiles, $"{Interlocked.Increment(ref sessions)}"); // read by the next line
            options.EnableProfiling = true;
        }

        await using var app = InferenceApp.Create(
            WorkerFixture.Arguments(repository, TestFolder.Create("worker"), more),
            builder =>
            {
                builder.Services.AddEncoders();
                builder.Services.AddTasks(ModelTasks.All);
                builder.AddResidency();
                builder.Services.AddSingleton(new SessionFactory(ExecutionProvider.Cpu) { Configure = Configure });
            });
        var installed = Assert.Single(new ModelStore(repository).List());
        var loaded = await app.Services.GetRequiredService<ModelLoader>().LoadAsync(installed, CancellationToken.None);
        await loaded.DisposeAsync(); // writes the profiles
        var events = new List<JsonNode>();
        foreach (var profile in Directory.EnumerateFiles(profiles))
        {
            events.AddRange(JsonNode.Parse(await File.ReadAllTextAsync(profile))!.AsArray().OfType<JsonNode>());
        }

        return new ProfiledLoad(
            events.Count(one => (string?)one["name"] == "model_run"),
            events.Select(one => one["args"]?["input_type_shape"]).OfType<JsonArray>().SelectMany(inputs => inputs)
                .SelectMany(input => input!.AsObject()).Select(input => string.Join('x', input.Value!.AsArray())).ToHashSet());
    }
}
