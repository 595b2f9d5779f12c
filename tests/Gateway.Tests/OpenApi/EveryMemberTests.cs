using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.OpenAi;
using Tollgate.Gateway.Tests.Calls;
using Tollgate.Gateway.Tests.Harness;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.OpenApi;

/// <summary>
/// Each member of each request that the document shows, with generated values: what its schema does not take is refused with 400 by its
/// name. A request that is accepted names a model that does not exist, so it ends with that 404 before anything runs.
/// </summary>
public sealed class EveryMemberTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private const string NoModel = "no-such-model";
    private const string Json = "application/json";
    private const string Form = "multipart/form-data";

    /// <summary>JSON that any schema can be asked about.</summary>
    private static readonly string[] Values =
    [
        "true", "false", "0", "-1", "7", "1.5", "5.0", "1e2", "1e400", "-1e400", "9223372036854775808", new('9', 10_000), "\"\"",
        "\"¿\"", "\"\\u0000\"", $"\"{new string('x', 70_000)}\"", "[]", "{}", "[null]", "[{}]", "[[[7]]]", "[\"¿\",7]", "{\"¿\":7}",
        "{\"type\":{}}", $"{new string('[', 40)}{new string(']', 40)}",
    ];

    /// <summary>What no body may hold, whatever the schema.</summary>
    private static readonly string[] NeverTaken =
    [
        "NaN", "Infinity", "-", "01", "'x'", "\"\\ud800\"", "[\"\\udc00\"]", $"{new string('[', 100)}{new string(']', 100)}",
        string.Concat(Enumerable.Repeat("{\"a\":", 80)) + "1" + new string('}', 80),
    ];

    /// <summary>Texts of a form.</summary>
    private static readonly string[] Texts =
    [
        "", "¿", "\0", "\r\n", "true", "-1", "7", "NaN", "Infinity", "1e999", "0x10", " 1", "1_000", "[]", "{}", new('9', 10_000),
        new('x', 65_537), "\"\\ud800\"", "{\"type\":\"server_vad\",\"\\ud800\":1}", "{\"type\":\"server_vad\",\"type\":\"server_vad\"}",
    ];

    private GatewayUnderTest Gateway => shared.Gateway;

    [Fact]
    public async Task Every_wrong_value_of_every_member_is_refused_by_name()
    {
        var (text, key) = (await Gateway.Http.GetStringAsync("/openapi/v1.json"), await CreateKeyAsync());
        var schemas = new BodySchemas(text);
        var (wrong, asked) = (new ConcurrentBag<string>(), 0);

        await Parallel.ForEachAsync(Requests(JsonNode.Parse(text)!, Json), async (request, _) =>
        {
            var good = Good(request);
            foreach (var member in request.Members)
            {
                foreach (var value in Values)
                {
                    var body = Body(good, member, value);
                    bool faulty;
                    lock (schemas)
                    {
                        faulty = schemas.Faults(request.Schema, JsonElement.Parse(body)).Length > 0;
                    }

                    Judge(wrong, $"{member}: {value}", await PostAsync(key, request, body), member, mustRefuse: faulty);
                    Interlocked.Increment(ref asked);
                }

                foreach (var value in NeverTaken)
                {
                    Judge(wrong, $"{member}: {value}", await PostAsync(key, request, Body(good, member, value)), member, mustRefuse: true,
                        mayBeNameless: true);
                }

                var twice = await PostAsync(key, request, $"{Body(good, member, "null")[..^1]},\"{member}\":null}}");
                Judge(wrong, $"{member} twice", twice, member, mustRefuse: true);
                var other = await PostAsync(key, request, Body(good, member + "¿", "null"));
                Judge(wrong, $"{member}¿", other, member + "¿", mustRefuse: true);
            }
        });

        Assert.Equal("", string.Join('\n', wrong));
        Assert.True(asked > 100 * Values.Length, $"{asked} bodies were asked about.");
    }

    [Fact]
    public async Task Every_wrong_part_of_every_form_is_refused_by_name()
    {
        var (text, key) = (await Gateway.Http.GetStringAsync("/openapi/v1.json"), await CreateKeyAsync());
        var (wrong, asked) = (new ConcurrentBag<string>(), 0);

        foreach (var request in Requests(JsonNode.Parse(text)!, Form))
        {
            foreach (var member in request.Members)
            {
                var takesAnyText = member is "prompt" or "user" or "model";
                foreach (var value in Texts)
                {
                    var answer = await PostAsync(key, request, FormOf(request, member, Encoding.UTF8.GetBytes(value), asFile: false));
                    var long64 = value.Length > 65_536;
                    Judge(wrong, $"{member}={value}", answer, member, mustRefuse: long64 || (!takesAnyText && !Fits(member, value)));
                    asked++;
                }

                var bytes = await PostAsync(key, request, FormOf(request, member, [0x61, 0xC0, 0xAF], asFile: false));
                Judge(wrong, $"{member} no UTF-8", bytes, member, mustRefuse: true);
                var file = await PostAsync(key, request, FormOf(request, member, "7"u8.ToArray(), asFile: true));
                Judge(wrong, $"{member} a file of no kind", file, member, mustRefuse: true);
                var empty = await PostAsync(key, request, FormOf(request, member, [], asFile: true));
                Judge(wrong, $"{member} an empty file", empty, member, mustRefuse: true);
                var unknown = await PostAsync(key, request, FormOf(request, member + "s", "7"u8.ToArray(), asFile: false));
                Judge(wrong, $"{member}s", unknown, member + "s", mustRefuse: true);
                if (!member.EndsWith("[]", StringComparison.Ordinal))
                {
                    var twice = FormOf(request, member, "7"u8.ToArray(), asFile: false);
                    twice.Add(new StringContent("8"), member);
                    Judge(wrong, $"{member} twice", await PostAsync(key, request, twice), member, mustRefuse: true);
                }
            }
        }

        Assert.Equal("", string.Join('\n', wrong));
        Assert.True(asked > 15 * Texts.Length, $"{asked} forms were asked about.");
    }

    /// <summary>The few values among <see cref="Texts"/> that a part takes; nan is the code of a language.</summary>
    private static bool Fits(string member, string value) => (member, value) is ("top_n" or "top_k", "7") or ("stream", "true")
        or ("language", "NaN") or ("chunking_strategy[prefix_padding_ms]" or "chunking_strategy[silence_duration_ms]", "7");

    private static void Judge(
        ConcurrentBag<string> wrong, string asked, (HttpStatusCode Status, string? Param, string Message) answer, string member,
        bool mustRefuse, bool mayBeNameless = false)
    {
        var names = Root(answer.Param) == Root(member) || (mayBeNameless && answer.Param is null);
        var refused = answer.Status == HttpStatusCode.BadRequest && names;
        var accepted = answer.Status == HttpStatusCode.NotFound && answer.Param == "model";
        if (!refused && (mustRefuse || !accepted))
        {
            wrong.Add($"{asked[..Math.Min(asked.Length, 80)]} → {(int)answer.Status} {answer.Param}: {answer.Message}");
        }
    }

    private static string? Root(string? param) => param?.Split('.', '[')[0];

    /// <summary>A body with one member set; a member that it has is replaced.</summary>
    /// <param name="value">JSON, or what is none.</param>
    private static string Body(JsonObject good, string member, string value)
    {
        var others = good.Where(one => one.Key != member).Select(one => $"\"{one.Key}\":{one.Value?.ToJsonString() ?? "null"}");
        return $"{{{string.Join(',', others.Append($"\"{member}\":{value}"))}}}";
    }

    /// <summary>The members that a request must have, as in the document's example.</summary>
    private static JsonObject Good(ShownRequest request)
    {
        var good = new JsonObject(request.Example!.AsObject().Where(one => request.Required.Contains(one.Key))
            .Select(one => KeyValuePair.Create(one.Key, one.Value?.DeepClone())));
        if (!request.Path.Contains("{model}", StringComparison.Ordinal))
        {
            good["model"] = NoModel;
        }

        return good;
    }

    /// <summary>A good form with one part set.</summary>
    private static MultipartFormDataContent FormOf(ShownRequest request, string member, byte[] value, bool asFile)
    {
        var form = new MultipartFormDataContent();
        if (member != "model")
        {
            form.Add(new StringContent(NoModel), "model");
        }

        if (member is not ("file" or "image" or "image[]"))
        {
            form.Add(new ByteArrayContent(request.IsAudio ? HostileMedia.Wav(1) : PictureBytes.Gif), "file", "file");
        }

        var content = new ByteArrayContent(value);
        if (asFile)
        {
            form.Add(content, member, "name");
        }
        else
        {
            form.Add(content, member);
        }

        return form;
    }

    private Task<TestKey> CreateKeyAsync() => Gateway.CreateKeyAsync(key => key with { Limits = Limits.None });

    private Task<(HttpStatusCode Status, string? Param, string Message)> PostAsync(TestKey key, ShownRequest request, string json) =>
        PostAsync(key, request, new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue(Json)));

    private async Task<(HttpStatusCode Status, string? Param, string Message)> PostAsync(
        TestKey key, ShownRequest request, HttpContent content)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, UrlOf(request))
        {
            Content = content,
            Headers = { Authorization = key.Bearer },
        };
        using var response = await Gateway.Http.SendAsync(message);
        var error = SentError.Read(JsonElement.Parse(await response.Content.ReadAsStringAsync()), response);
        return (response.StatusCode, error.Param, error.Message);
    }

    private static string UrlOf(ShownRequest request) => request.Path.Replace("{engine}", NoModel, StringComparison.Ordinal)
        .Replace("{model}", NoModel, StringComparison.Ordinal).Replace("{version}", "1", StringComparison.Ordinal);

    /// <summary>The requests of a media type that the document shows, of endpoints that run a model: those of other services are tried
    /// there.</summary>
    private static List<ShownRequest> Requests(JsonNode document, string mediaType) =>
    [
        .. from path in document["paths"]!.AsObject()
           let body = path.Value!["post"]?["requestBody"]?["content"]?[mediaType]
           where body is not null && PublicEndpoint.All.Any(endpoint => endpoint.Task is not null && endpoint.Paths.Contains(path.Key))
           let schema = body["schema"]!["$ref"]!.GetValue<string>().Split('/')[^1]
           let shown = document["components"]!["schemas"]![schema]!
           select new ShownRequest(
               path.Key, schema, [.. shown["properties"]!.AsObject().Select(one => one.Key)],
               [.. shown["required"]!.AsArray().Select(one => one!.GetValue<string>())],
               body["examples"]?.AsObject().FirstOrDefault().Value?["value"], path.Key.Contains("/audio/", StringComparison.Ordinal)),
    ];

    private sealed record ShownRequest(
        string Path, string Schema, IReadOnlyList<string> Members, IReadOnlyList<string> Required, JsonNode? Example, bool IsAudio);
}
