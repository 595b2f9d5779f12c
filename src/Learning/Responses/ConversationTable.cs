using System.Data;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.ServiceDefaults.Data;

namespace Tollgate.Learning.Responses;

/// <summary>
/// Reads conversations: each response keeps its own items and names the one that it continues. One snapshot of the database a reading, so
/// that a conversation is whole or refused. One content is open at a time.
/// </summary>
internal sealed class ConversationTable(
    NpgsqlDataSource dataSource, SealedColumn seal, ConversationTurns turns, IOptions<ResponseOptions> options, TimeProvider clock)
{
    /// <summary>Most bytes of whole contents, as a multiple of those of their items.</summary>
    private const int ContentShare = 8;

    /// <summary>
    /// Writes the conversation that a response ends, as <c>{"items":[…],"model":"…"}</c>: the input and the output of all its responses,
    /// in order, and the model of the last one.
    /// </summary>
    /// <param name="publicId">As the client names the response.</param>
    /// <exception cref="DamagedContentException">A content does not open.</exception>
    public async Task<OrRefusal<byte[]>> WriteAsync(FileCaller caller, string publicId, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await using var writer = new Utf8JsonWriter(buffer, Utf8Json.Options);
        writer.WriteStartObject();
        writer.WriteStartArray("items");
        var model = "";
        var limits = new Limits(options.Value.MaxConversationResponses, options.Value.MaxConversationBytes);
        var read = await ReadAsync(
            caller, publicId, limits,
            content =>
            {
                foreach (var item in content.Input.Concat(content.Output))
                {
                    writer.WriteRawValue(ResponseContent.BytesOf(item.Json), skipInputValidation: true);
                }

                model = content.Model;
            },
            cancellationToken);
        writer.WriteEndArray();
        writer.WriteString("model", model);
        writer.WriteEndObject();
        await writer.FlushAsync(cancellationToken);
        return read switch
        {
            { Refusal: { } refusal } => refusal,
            { Missing: { } missing } => OpenAiError.PreviousResponseNotFound(missing),
            { Status: not (ResponseStatus.Completed or ResponseStatus.Incomplete) } =>
                OpenAiError.PreviousResponseNotCompleted(publicId, read.Status!),
            _ => buffer.ToArray(),
        };
    }

    /// <summary>
    /// The items that a response read, the oldest first: those of the conversation that it continues, as far as that is still kept, and its
    /// own input.
    /// </summary>
    /// <exception cref="DamagedContentException">A content does not open.</exception>
    public async Task<OrRefusal<List<ConversationItem>>> ListAsync(
        FileCaller caller, string publicId, CancellationToken cancellationToken)
    {
        List<ConversationItem> items = [];
        List<ConversationItem> answered = [];
        var limits = new Limits(
            options.Value.MaxConversationResponses + 1, options.Value.MaxConversationBytes + options.Value.MaxBytes);
        var read = await ReadAsync(
            caller, publicId, limits,
            content =>
            {
                items.AddRange(answered); // The output of the last response, which it did not read, is never added.
                items.AddRange(content.Input.Select(Clone));
                answered = [.. content.Output.Select(Clone)];
            },
            cancellationToken);
        return read switch
        {
            { Refusal: { } refusal } => refusal,
            { Missing: { } missing } when missing == publicId => OpenAiError.ResponseNotFound(publicId),
            _ => items,
        };
    }

    private static ConversationItem Clone(ConversationItem item) => item with { Json = item.Json.Clone() };

    /// <summary>Visits the responses of a conversation that are kept, from the oldest one on.</summary>
    /// <returns>Why it cannot be read, or the response that is missing at its beginning, and the status of its last one.</returns>
    private async Task<(OpenAiError? Refusal, string? Missing, string? Status)> ReadAsync(
        FileCaller caller, string publicId, Limits limits, Action<ResponseContent> visit, CancellationToken cancellationToken)
    {
        using var turn = await turns.WaitAsync(caller.OrganizationId, cancellationToken);
        await using var connection = await dataSource.OpenForAsync(caller.OrganizationId, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var links = await FindLinksAsync(
            connection, caller, PublicIds.Parse(publicId, ResponseContent.Prefix), limits.Responses + 1, cancellationToken);
        if (links.Count > limits.Responses || links.Sum(link => link.ItemBytes) > limits.ItemBytes
            || links.Sum(link => link.Bytes) > limits.ItemBytes * ContentShare)
        {
            return (OpenAiError.ConversationTooLong(publicId, limits.Responses, limits.ItemBytes), null, null);
        }

        await connection.ReadRowsAsync(
            """
            select responses.id, wrapped_key, content from unnest($1::uuid[]) with ordinality as link (id, depth)
            join responses on responses.id = link.id order by link.depth desc
            """,
            row =>
            {
                using var content = ResponseContent.Read(
                    seal.Open(row.GetGuid(0), row.GetFieldValue<byte[]>(1), row.GetFieldValue<byte[]>(2)));
                visit(content);
                return true;
            },
            cancellationToken, links.Select(link => link.Id).ToArray());
        var missing = links is [.., var oldest]
            ? oldest.PreviousId is { } previous ? $"{ResponseContent.Prefix}{previous:N}" : null
            : publicId;
        return (null, missing, links is [var last, ..] ? last.Status : null);
    }

    /// <summary>The responses of a conversation that are kept, from the last one back.</summary>
    private Task<List<Link>> FindLinksAsync(
        NpgsqlConnection connection, FileCaller caller, Guid last, int most, CancellationToken cancellationToken) =>
        connection.ReadRowsAsync(
            $"""
            with recursive links as (
              select id, previous_id, bytes, item_bytes, status, 1 as depth from responses where {ResponseTable.Live} and id = $4
              union all
              select earlier.id, earlier.previous_id, earlier.bytes, earlier.item_bytes, earlier.status, links.depth + 1
              from links join lateral (
                select * from responses where {ResponseTable.Live} and id = links.previous_id) earlier on true
              where links.depth < $5)
            select id, previous_id, bytes, item_bytes, status from links order by depth
            """,
            row => new Link(row.GetGuid(0), row.IsDBNull(1) ? null : row.GetGuid(1), row.GetInt64(2), row.GetInt64(3),
                row.GetString(4)),
            cancellationToken, caller.OrganizationId, caller.ProjectId, clock.GetUtcNow(), last, most);

    private readonly record struct Limits(int Responses, long ItemBytes);

    private readonly record struct Link(Guid Id, Guid? PreviousId, long Bytes, long ItemBytes, string Status);
}
