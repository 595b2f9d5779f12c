using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Accounts.ModelVersions;

/// <summary>The model repository extension of the Open Inference Protocol, for the operator. A refusal is 400 with <c>error</c>.</summary>
internal static class ModelRepository
{
    public static void MapModelRepository(this IEndpointRouteBuilder routes)
    {
        var repository = routes.MapInternal("/v2/repository", "operator");
        repository.MapPost("/index", ListAsync);
        repository.MapPost("/models/{model}/load", (string model, PlanDesk desk, CancellationToken stop) =>
            OrderAsync(model, unloaded: false, desk, stop));
        repository.MapPost("/models/{model}/unload", (string model, PlanDesk desk, CancellationToken stop) =>
            OrderAsync(model, unloaded: true, desk, stop));
    }

    /// <summary>Lists every version of every model. An optional body may ask for those that are ready alone.</summary>
    internal static async Task<Ok<List<RepositoryEntry>>> ListAsync(
        RepositoryQuery? query, VersionDirectory directory, CancellationToken cancellationToken)
    {
        var (_, models) = await directory.ReadAsync(cancellationToken);
        var entries = models.SelectMany(model => model.Versions.Select(version => EntryOf(model, version)));
        return TypedResults.Ok(entries.Where(entry => query?.Ready != true || entry.State == RepositoryEntry.Ready).ToList());
    }

    private static async Task<Results<Ok, BadRequest<RepositoryError>>> OrderAsync(
        string model, bool unloaded, PlanDesk desk, CancellationToken cancellationToken)
    {
        var faults = await desk.SetUnloadedAsync(model, unloaded, actorId: null, cancellationToken);
        return faults.Count == 0
            ? TypedResults.Ok()
            : TypedResults.BadRequest(new RepositoryError(string.Join(" ", faults.Select(fault => fault.Text))));
    }

    private static RepositoryEntry EntryOf(VersionedModel model, VersionLine version)
    {
        var states = version.Places.Select(place => place.State).ToHashSet();
        var (state, reason) = states.Contains(ModelState.Ready) ? (RepositoryEntry.Ready, "")
            : states.Contains(ModelState.Loading) ? ("LOADING", "")
            : states.Contains(ModelState.Idle) ? (RepositoryEntry.Unavailable, "not in memory; a request loads it")
            : states.Contains(ModelState.Unloaded) ? (RepositoryEntry.Unavailable, "unloaded")
            : (RepositoryEntry.Unavailable, version.Places.Select(place => place.Error).FirstOrDefault() ?? "not installed");
        return new RepositoryEntry(model.Model, version.Version, state, reason);
    }
}

/// <summary>Body of <c>POST /v2/repository/index</c>.</summary>
public sealed record RepositoryQuery([property: JsonPropertyName("ready")] bool Ready);

/// <summary>One version in the index.</summary>
/// <param name="State"><c>READY</c>, <c>LOADING</c> or <c>UNAVAILABLE</c>.</param>
/// <param name="Reason">Empty for a version that is ready or on its way.</param>
public sealed record RepositoryEntry(
    [property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("version")] string Version,
    [property: JsonPropertyName("state")] string State, [property: JsonPropertyName("reason")] string Reason)
{
    public const string Ready = "READY";
    public const string Unavailable = "UNAVAILABLE";
}

/// <summary>A refusal of the protocol.</summary>
public sealed record RepositoryError([property: JsonPropertyName("error")] string Error);
