using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Import;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.Inference.Tests.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Decoders;

/// <summary>Every tiny family, imported once, and what llama.cpp computes for it, in one process of Node.</summary>
public sealed class TinyFamilyModels : IAsyncLifetime
{
    public const int Steps = 24;

    private readonly string _folder = TestFolder.Create("families");
    private readonly Dictionary<string, DecoderModel> _models = [];
    private Task<Dictionary<string, Answer>>? _answers;

    /// <summary>Longer than every window, spread over the vocabulary.</summary>
    public static IReadOnlyList<int> Prompt { get; } =
        [.. Enumerable.Range(0, 40).Select(i => ((i * 67) + 5) % (TinyFamily.Vocabulary - 1))];

    public async Task InitializeAsync()
    {
        _answers = AskLlamaCppAsync();
        foreach (var family in TinyFamilies.Everything)
        {
            var installed = await ModelImport.RunAsync(
                PathOf(family), $"tiny-{_models.Count}", Path.Combine(_folder, "models"),
                new() { Precision = family.Precision, ParityBound = 1 }, progress: null, CancellationToken.None);
            _models[family.Name] = await DecoderModel.LoadAsync(
                installed, new SessionFactory(ExecutionProvider.Cpu), TimeProvider.System, CancellationToken.None);
        }
    }

    public Task DisposeAsync()
    {
        foreach (var model in _models.Values)
        {
            model.Dispose();
        }

        return Task.CompletedTask;
    }

    internal DecoderModel Model(string name) => _models[name];

    internal DecoderRun Run(string name, int capacity)
    {
        var model = _models[name];
        return new DecoderRun(model.Session, model.Shape.Layers, model.Shape.KeyValueHeads, model.Shape.HeadWidth, capacity);
    }

    internal string PathOf(TinyFamily family) => Path.Combine(_folder, $"{TinyFamilies.Everything.ToList().IndexOf(family)}.gguf");

    /// <summary>Greedy answer to <see cref="Prompt"/>.</summary>
    internal async Task<Answer> LlamaCppAsync(string name) => (await _answers!)[name];

    private async Task<Dictionary<string, Answer>> AskLlamaCppAsync()
    {
        foreach (var family in TinyFamilies.Everything)
        {
            family.Write(PathOf(family));
        }

        var asked = TinyFamilies.All.Where(family => family.HasOracle).ToArray();
        var answers = await NodeOracle.RunAsync("Decoders/llama.mjs", new JsonArray([.. asked.Select(family => new JsonObject
        {
            ["file"] = PathOf(family),
            ["context"] = family.Context,
            ["prompt"] = new JsonArray([.. Prompt.Select(id => (JsonNode)id)]),
            ["steps"] = Steps,
        })]));
        return asked.Zip(answers.AsArray()).ToDictionary(pair => pair.First.Name, pair => new Answer(
            [.. pair.Second!["ids"]!.AsArray().Select(id => (int)id!)],
            [.. pair.Second["logits"]!.AsArray().Select(
                row => MemoryMarshal.Cast<byte, float>(Convert.FromBase64String((string)row!)).ToArray())]));
    }

    /// <param name="Logits">Those behind each id.</param>
    internal sealed record Answer(IReadOnlyList<int> Ids, IReadOnlyList<float[]> Logits);
}

[CollectionDefinition(nameof(TinyFamilyModels))]
public sealed class TinyFamilyCollection : ICollectionFixture<TinyFamilyModels>;
