using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;

namespace Tollgate.FakeStripe.State;

/// <summary>
/// State of the fake Stripe: its objects, its events in order, and the answers stored for idempotency keys. All reads and writes run
/// inside <see cref="ChangeAsync"/>, one at a time; after each, the state is saved to the file, if one is set.
/// </summary>
internal sealed class StripeState : IDisposable
{
    private const string IdAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private readonly SemaphoreSlim _turn = new(1);
    private readonly string _file;

    public StripeState(IOptions<FakeStripeOptions> options)
    {
        _file = options.Value.StateFile;
        if (_file.Length > 0 && File.Exists(_file))
        {
            var saved = JsonNode.Parse(File.ReadAllText(_file))!.AsObject();
            Objects = Take(saved, "objects");
            Events = saved["events"]!.DeepClone().AsArray();
            Answers = Take(saved, "answers");
        }
    }

    /// <summary>Customers, sessions and payment intents, by id.</summary>
    public JsonObject Objects { get; } = [];

    /// <summary>Events, oldest first.</summary>
    public JsonArray Events { get; } = [];

    /// <summary>Idempotency key → {request, status, body}.</summary>
    public JsonObject Answers { get; } = [];

    /// <summary>Creates a new id such as <c>cs_test_…</c>.</summary>
    public static string NewId(string prefix) => prefix + RandomNumberGenerator.GetString(IdAlphabet, 24);

    /// <summary>Finds an object by id and kind; null when there is none.</summary>
    public JsonObject? Find(string id, string kind) =>
        Objects[id] is JsonObject found && found["object"]!.GetValue<string>() == kind ? found : null;

    /// <summary>Runs <paramref name="change"/> exclusively, then saves.</summary>
    public async Task<T> ChangeAsync<T>(Func<T> change, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var result = change();
            await SaveAsync(cancellationToken);
            return result;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        if (_file.Length == 0)
        {
            return;
        }

        var state = new JsonObject { ["objects"] = Objects.DeepClone(), ["events"] = Events.DeepClone(),
            ["answers"] = Answers.DeepClone() };
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_file))!);
        await File.WriteAllTextAsync(_file + ".new", state.ToJsonString(JsonSerializerOptions.Default), cancellationToken);
        File.Move(_file + ".new", _file, overwrite: true);
    }

    private static JsonObject Take(JsonObject saved, string name) => saved[name]!.DeepClone().AsObject();
}
