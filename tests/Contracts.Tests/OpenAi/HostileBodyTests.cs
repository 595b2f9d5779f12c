using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Tollgate.Testing;

namespace Tollgate.Contracts.Tests.OpenAi;

public sealed class HostileBodyTests
{
    private static readonly string[] Paths =
    [
        BadRequests.ChatPath, BadRequests.CompletionPath, BadRequests.EmbeddingPath, BadRequests.ResponsePath, BadRequests.RerankPath,
        BadRequests.ClassificationPath, BadRequests.PredictPath, BadRequests.ModerationPath, BadPictureRequests.Path,
        BadPictureRequests.DetectionPath, BadPictureRequests.OcrPath, BadRequests.ImageGenerationPath,
        BadMessagesRequests.Path, BadMessagesRequests.CountPath, BadTensorRequests.Path,
    ];

    private static readonly byte[] Sample = Encoding.UTF8.GetBytes(
        """{"model":"tiny-assistant","messages":[{"role":"system","content":"Grüße \ud83d\ude00"}""" + """
        ,{"role":"user","content":[{"type":"text","text":"你"}],
        "name":"Ann"}],"temperature":0.5,"stop":["a","b"],"logit_bias":{"17":-100},"metadata":{"k":"v"},"stream":true,
        "stream_options":{"include_usage":true},"prediction":{"type":"content","content":[1,{"x":[null,true]}]},"max_tokens":12}
        """);

    /// <summary>Ill-formed UTF-8: lone bytes, overlong forms, surrogates, beyond U+10FFFF, cut short.</summary>
    public static TheoryData<string> BadUtf8 => new(
        "80", "BF", "C0AF", "C1BF", "E080AF", "F08080AF", "EDA080", "EDB080", "EDA0BDEDB880", "F4908080", "F5808080", "FE", "FF",
        "C3", "E282", "F09F98");

    [Fact]
    public void TryParse_refuses_a_body_cut_at_any_byte()
    {
        Assert.NotNull(Parse.Body(BadRequests.ChatPath, Sample).Request);

        for (var length = 0; length < Sample.Length; length++)
        {
            Assert.Equal(400, Parse.Body(BadRequests.ChatPath, Sample.AsMemory(0, length)).Error?.Status);
        }
    }

    [Theory]
    [MemberData(nameof(BadUtf8))]
    public void TryParse_names_the_member_whose_text_is_no_UTF8(string hex)
    {
        var bytes = Convert.FromHexString(hex);

        Assert.Equal("user", Refuse("\"user\":\"a", bytes, "b\"").Param);
        Assert.Equal("metadata.k", Refuse("\"metadata\":{\"k\":\"", bytes, "\"}").Param);
        Assert.Equal("prediction", Refuse("\"prediction\":{\"k\":[\"", bytes, "\"]}").Param);
        Assert.Null(Refuse("\"", bytes, "\":1").Param);
        Assert.Null(Refuse("", bytes, "").Param);
        Assert.Equal("user", Refuse($"\"stop\":\"{new string('é', 5000)}\",\"user\":\"a", bytes, "b\"").Param);
    }

    [Fact]
    public void TryParse_reads_a_text_of_10_MB()
    {
        var chat = Parse.ChatOf($$"""[{"role":"user","content":"{{new string('x', 10_000_000)}}"}]""");

        Assert.Equal(10_000_000, chat.Size.Utf8Bytes);
    }

    [Theory]
    [InlineData(60, null)]
    [InlineData(63, "nested deeper than 64 levels")]
    [InlineData(100_000, "nested deeper than 64 levels")]
    public void TryParse_reads_64_levels(int levels, string? message)
    {
        var nested = $"{{\"a\":{new string('[', levels)}{new string(']', levels)}}}";

        var (_, error) = Parse.Body(BadRequests.ChatPath, Encoding.UTF8.GetBytes(BadRequests.ChatBody($"\"prediction\":{nested}")));

        Assert.Equal(message is null, error is null);
        Assert.Contains(message ?? "", error?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_never_throws_for_100000_mutated_bodies()
    {
        var random = new Random(20261124);
        byte[][] bad = [.. BadRequests.All.Select(bad => Encoding.UTF8.GetBytes(bad.Body)).Where(body => body.Length is > 0 and < 1000)];
        string[] bodies =
        [
            BadRequests.ChatBody(), BadRequests.CompletionBody(), BadRequests.EmbeddingBody(), BadRequests.RerankBody(),
            BadPictureRequests.Body(), BadRequests.ImageGenerationBody(), BadMessagesRequests.Body(),
            BadTensorRequests.Body(),
        ];
        byte[][] good = [Sample, .. bodies.Select(Encoding.UTF8.GetBytes)];
        var parsed = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var body = Mutate(random, i % 2 == 0 ? bad : good);
            var (request, error) = Parse.Body(Paths[i % Paths.Length], body);

            Assert.True(request is null ^ error is null);
            parsed += request is null ? 0 : 1;
        }

        Assert.InRange(parsed, 100, 90_000);
    }

    [Fact]
    public void TryParse_never_throws_for_random_JSON()
    {
        var cases = from path in Gen.Elements(Paths) from body in Gen.Sized(size => Value(Math.Min(size, 30))) select (path, body);

        Prop.ForAll(cases.ToArbitrary(), sample =>
        {
            var (request, error) = Parse.Body(sample.path, Encoding.UTF8.GetBytes(sample.body));
            return request is null ^ error is null;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    /// <summary>Random JSON that often uses the members that the parsers know.</summary>
    private static Gen<string> Value(int size)
    {
        var names = Gen.Elements(
            "model", "messages", "role", "content", "type", "text", "prompt", "input", "stop", "n", "logit_bias", "17", "metadata",
            "stream",
            "stream_options", "tools", "prediction", "\\u006dodel", "");
        var leaf = Gen.Elements(
            "null", "true", "0", "-1", "1e400", "0.5", "\"user\"", "\"text\"", "\"\"", "\"\\ud800\"", "\"x\"", "9223372036854775808");
        if (size < 2)
        {
            return leaf;
        }

        var inner = Value(size / 3);
        var member = from name in names from value in inner select $"\"{name}\":{value}";
        return Gen.OneOf(
            leaf,
            inner.ListOf().Select(items => $"[{string.Join(',', items.Take(5))}]"),
            member.ListOf().Select(items => $"{{{string.Join(',', items.Take(8))}}}"));
    }

    private static byte[] Mutate(Random random, byte[][] seeds)
    {
        var body = seeds[random.Next(seeds.Length)].ToList();
        for (var edits = random.Next(4); edits > 0 && body.Count > 0; edits--)
        {
            var at = random.Next(body.Count);
            switch (random.Next(5))
            {
                case 0:
                    body[at] = (byte)random.Next(256);
                    break;
                case 1:
                    body.RemoveAt(at);
                    break;
                case 2:
                    body.Insert(at, (byte)"{}[]\",:\\u0d8 ntf19-.e"[random.Next(21)]);
                    break;
                case 3:
                    body.RemoveRange(at, Math.Min(random.Next(12), body.Count - at));
                    break;
                default:
                    body.InsertRange(at, body.GetRange(at, Math.Min(random.Next(20), body.Count - at)));
                    break;
            }
        }

        return [.. body];
    }

    private static Contracts.OpenAi.OpenAiError Refuse(string before, byte[] bad, string after)
    {
        var body = new ArrayBufferWriter<byte>();
        body.Write(Encoding.UTF8.GetBytes("""{"model":"m","messages":[{"role":"user","content":"Hi"}],"""));
        body.Write(Encoding.UTF8.GetBytes(before));
        body.Write(bad);
        body.Write(Encoding.UTF8.GetBytes(after + "}"));
        var (request, error) = Parse.Body(BadRequests.ChatPath, body.WrittenMemory);
        Assert.Null(request);
        return error!;
    }
}
