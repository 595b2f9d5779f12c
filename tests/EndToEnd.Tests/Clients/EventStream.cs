using System.Globalization;
using System.Text.Json;

namespace Tollgate.EndToEnd.Tests.Clients;

/// <summary>One event of a stream.</summary>
/// <param name="Tokens">The <c>id:</c> line: completion tokens so far, all choices; null when the event has none.</param>
/// <param name="Data">The <c>data:</c> line.</param>
internal sealed record ServerEvent(long? Tokens, string Data)
{
    public const string Done = "[DONE]";

    public JsonElement Json => JsonElement.Parse(Data);
}

/// <summary>An answer that comes as events. Whatever was read is kept, also when the stream breaks.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;
    private readonly List<ServerEvent> _events = [];

    private EventStream(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _reader = new StreamReader(body);
        RequestId = RequestIds.Parse(response.Headers.GetValues("x-request-id").Single());
    }

    public Guid RequestId { get; }

    /// <summary>All events read so far.</summary>
    public IReadOnlyList<ServerEvent> Events => _events;

    /// <summary>Tokens that surely arrived here: the last <c>id:</c> of a whole event.</summary>
    public long Delivered => _events.Max(e => e.Tokens) ?? 0;

    /// <summary>Whether the stream came to its terminal event.</summary>
    public bool Ended => _events.Count > 0 && _events[^1].Data == ServerEvent.Done;

    /// <summary>The first choice's text so far.</summary>
    public string Text => string.Concat(Choices(0).Select(TextOf));

    /// <summary>The error frame, if the stream ended with one.</summary>
    public JsonElement? ErrorFrame => _events.Count > 0 && !Ended && _events[^1].Json.TryGetProperty("error", out var error) ? error : null;

    /// <summary>The usage chunk; there is one when the client asked for it.</summary>
    public AnswerUsage? Usage => _events.Where(e => e.Data != ServerEvent.Done)
        .Select(e => e.Json)
        .Where(json => json.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
        .Select(json => AnswerUsage.Read(json.GetProperty("usage")))
        .LastOrDefault();

    public static async Task<EventStream> OpenAsync(HttpResponseMessage response) =>
        new(response, await response.Content.ReadAsStreamAsync());

    /// <summary>The chunks of one choice.</summary>
    public IEnumerable<JsonElement> Choices(int index) => _events.Where(e => e.Data != ServerEvent.Done)
        .Select(e => e.Json)
        .Where(json => json.TryGetProperty("choices", out _))
        .SelectMany(json => json.GetProperty("choices").EnumerateArray())
        .Where(choice => choice.GetProperty("index").GetInt32() == index);

    /// <summary>Reads one event; null at the end of the body.</summary>
    public async Task<ServerEvent?> NextAsync()
    {
        long? tokens = null;
        string? data = null;
        while (await _reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                tokens = long.Parse(line["id: ".Length..], CultureInfo.InvariantCulture);
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                data = line["data: ".Length..];
            }
            else if (line.Length == 0 && data is not null)
            {
                var read = new ServerEvent(tokens, data);
                _events.Add(read);
                return read;
            }
        }

        return null;
    }

    /// <summary>Reads until at least <paramref name="tokens"/> tokens arrived.</summary>
    /// <exception cref="InvalidOperationException">The stream ended before.</exception>
    public async Task ReadTokensAsync(long tokens)
    {
        while (Delivered < tokens)
        {
            if (await NextAsync() is null)
            {
                throw new InvalidOperationException($"The stream ended after {Delivered} of {tokens} tokens.");
            }
        }
    }

    /// <summary>Reads to the end of the body.</summary>
    public async Task<EventStream> ReadToEndAsync()
    {
        while (await NextAsync() is not null)
        {
            // NextAsync keeps the events.
        }

        return this;
    }

    /// <summary>Reads what still comes until the connection breaks or ends.</summary>
    /// <returns>Whether it broke.</returns>
    public async Task<bool> ReadUntilBrokenAsync()
    {
        try
        {
            await ReadToEndAsync();
            return false;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            return true;
        }
    }

    /// <summary>Leaves: the connection is closed, read to the end or not.</summary>
    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
    }

    private static string TextOf(JsonElement choice)
    {
        if (choice.TryGetProperty("text", out var text))
        {
            return text.GetString()!;
        }

        return choice.GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() ?? "" : "";
    }
}
