using System.Globalization;
using System.Text.Json.Nodes;

namespace Tollgate.Inference.Tests.Endpoints;

/// <summary>A server-sent event as a worker writes it.</summary>
internal sealed record Event(long Id, string Data)
{
    /// <summary>Null for an event without a name.</summary>
    public string? Name { get; init; }

    public JsonNode Json => JsonNode.Parse(Data)!;

    public JsonNode? Choice => Json["choices"]!.AsArray().FirstOrDefault();

    /// <summary>Reads events one by one, checking that each is one id line, perhaps its name, one data line and an empty line.</summary>
    public static async IAsyncEnumerable<Event> ReadAsync(HttpResponseMessage response)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await reader.ReadLineAsync() is { } id)
        {
            var data = await reader.ReadLineAsync();
            var name = data?.StartsWith("event: ", StringComparison.Ordinal) == true ? data[7..] : null;
            data = name is null ? data : await reader.ReadLineAsync();
            Assert.StartsWith("id: ", id, StringComparison.Ordinal);
            Assert.StartsWith("data: ", data, StringComparison.Ordinal);
            Assert.Equal("", await reader.ReadLineAsync());
            yield return new Event(long.Parse(id[4..], CultureInfo.InvariantCulture), data![6..]) { Name = name };
        }
    }

    public static async Task<List<Event>> ReadAllAsync(HttpResponseMessage response)
    {
        var events = new List<Event>();
        await foreach (var item in ReadAsync(response))
        {
            events.Add(item);
        }

        return events;
    }

    /// <summary>Text of one choice, put together.</summary>
    public static string Text(IEnumerable<Event> events, int choice = 0) => string.Concat(events
        .Where(item => item.Data != "[DONE]").SelectMany(item => item.Json["choices"]!.AsArray())
        .Where(item => (int)item!["index"]! == choice).Select(item => (string?)item!["delta"]?["content"] ?? (string?)item!["text"]));
}
