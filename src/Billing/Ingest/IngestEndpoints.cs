using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tollgate.Billing.Jobs;
using Tollgate.Billing.Restores;
using Tollgate.Billing.Telemetry;
using Tollgate.Contracts.Usage;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Billing.Ingest;

/// <summary>Endpoints for journals and usage batches.</summary>
internal static class IngestEndpoints
{
    /// <summary>Bytes: room for ten thousand events and the fences of a gateway that catches up.</summary>
    private const long LargestBatch = 32 * 1024 * 1024;

    public static IServiceCollection AddIngest(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<IngestOptions>, IngestOptionsValidator>();
        services.AddOptions<IngestOptions>().BindConfiguration(IngestOptions.Section).ValidateOnStart();
        services.AddSingleton<BillingMetrics>();
        services.AddSingleton<IngestLanes>();
        services.AddSingleton<UsageIngest>();
        services.AddSingleton<Journals>();
        services.AddScheduledJob<PartitionMaintenance>("usage partitions", "5 * * * *");
        return services;
    }

    public static IEndpointRouteBuilder MapIngest(this IEndpointRouteBuilder routes)
    {
        routes.MapInternal("/internal/usage", "gateway").ExchangeBeats().MapPost("", BookAsync)
            .WithMetadata(new RequestSizeLimitAttribute(LargestBatch));
        var journals = routes.MapInternal("/internal/journals", "gateway").ExchangeBeats();
        journals.MapPost("", RegisterAsync);
        journals.MapDelete("/{journalId:guid}", DeregisterAsync);
        var operators = routes.MapInternal("/internal/journals", "operator", "accounts");
        operators.MapGet("", ListAsync);
        operators.MapPost("/{journalId:guid}/retire", RetireAsync);
        return routes;
    }

    internal static async Task<Results<Ok<UsageBooked>, Conflict, StatusCodeHttpResult, ProblemHttpResult>> BookAsync(
        HttpRequest request, UsageIngest ingest, IOptions<IngestOptions> options, CancellationToken cancellationToken)
    {
        if (request.ContentType != UsageBatchFormat.ContentType || request.ContentLength is not { } length)
        {
            return TypedResults.Problem(
                $"A batch is sent as {UsageBatchFormat.ContentType} with its length.",
                statusCode: StatusCodes.Status415UnsupportedMediaType);
        }

        if (length > LargestBatch)
        {
            return TypedResults.StatusCode(StatusCodes.Status413PayloadTooLarge);
        }

        UsageBatch batch;
        try
        {
            batch = await ReadAsync(request, (int)length, cancellationToken);
        }
        catch (InvalidDataException exception)
        {
            return TypedResults.Problem(exception.Message, statusCode: StatusCodes.Status400BadRequest);
        }

        if (batch.Events.Count > options.Value.MostEvents)
        {
            return TypedResults.StatusCode(StatusCodes.Status413PayloadTooLarge);
        }

        return await ingest.BookAsync(batch, cancellationToken) is { } booked ? TypedResults.Ok(booked) : TypedResults.Conflict();
    }

    private static async Task<UsageBatch> ReadAsync(HttpRequest request, int length, CancellationToken cancellationToken)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await request.Body.ReadExactlyAsync(bytes.AsMemory(0, length), cancellationToken);
            return UsageBatchFormat.Read(bytes.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    internal static async Task<Results<Ok<JournalRegistered>, Conflict>> RegisterAsync(
        RegisterJournal journal, Journals journals, CancellationToken cancellationToken) =>
        await journals.RegisterAsync(journal, cancellationToken) is { } registered ? TypedResults.Ok(registered) : TypedResults.Conflict();

    internal static async Task<NoContent> DeregisterAsync(Guid journalId, long boot, Journals journals,
        CancellationToken cancellationToken)
    {
        await journals.DeregisterAsync(journalId, boot, cancellationToken);
        return TypedResults.NoContent();
    }

    internal static async Task<Ok<IReadOnlyList<JournalState>>> ListAsync(Journals journals, CancellationToken cancellationToken) =>
        TypedResults.Ok(await journals.ListAsync(cancellationToken));

    internal static async Task<Results<NoContent, NotFound>> RetireAsync(Guid journalId, Journals journals,
        CancellationToken cancellationToken) =>
        await journals.RetireAsync(journalId, cancellationToken) ? TypedResults.NoContent() : TypedResults.NotFound();
}
