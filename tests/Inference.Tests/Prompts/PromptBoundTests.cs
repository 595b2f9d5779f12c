using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Models;
using Tollgate.Inference.Prompts;
using Tollgate.Inference.Templates;

namespace Tollgate.Inference.Tests.Prompts;

/// <summary>The bound of a gateway, which knows a request's bytes and a model's measure, against the ids that a worker feeds.</summary>
public sealed class PromptBoundTests
{
    private const string ChatMl =
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    private static readonly string[] Roles = ["system", "developer", "user", "assistant"];
    private static readonly string[] Alphabets = ["abc xyz", "\"\\\n\t<>&'", "éßŉİΐ", "中文字", "😀🚀", "   ", "0123456789"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void No_random_request_on_a_random_template_passes_the_bound(int seed)
    {
        var random = new Random(seed);
        var (measured, compared) = (0, 0);
        for (var i = 0; i < 8; i++)
        {
            var template = new RandomTemplate(random).Make();
            var chat = TinyChat.Create(template);
            ChatMeasure measure;
            try
            {
                measure = ChatMeasurement.Measure(chat, TimeProvider.System);
            }
            catch (ModelImportException)
            {
                continue; // Refused at import: no request meets it.
            }

            measured++;
            for (var request = 0; request < 150; request++)
            {
                var (parsed, messages) = MakeChat(random);
                var bound = new PromptMeasure(1, 1, 0, measure).MostTokens(parsed);
                var used = chat.Encode(messages).Count;
                Assert.True(used <= bound, $"{used} tokens, bound {bound} by {measure}\n{template}\n{JsonSerializer.Serialize(messages)}");
                compared++;
            }
        }

        Assert.True(measured >= 6, $"{measured} templates were measured");
        Assert.Equal(measured * 150, compared);
    }

    [Theory]
    [InlineData(
        """{% for m in messages %}{% if m['content'] %}{{ '=-=-=-=-=-=-=-=-=-=-=-=-=-=' + m['content'] }}{% endif %}{% endfor %}""")]
    [InlineData("""{% for m in messages %}{{ m['content'] | tojson }}{% endfor %}""")]
    [InlineData("""{% for m in messages %}{{ m['content'] + m['content'] + m['content'] }}{% endfor %}""")]
    [InlineData(
        """{% for m in messages %}{% if m.role == 'assistant' %}{{ 'a b c d e f g h i j k' }}{% endif %}{{ m['content'] }}{% endfor %}""")]
    [InlineData(
        """{% for m in messages %}{{ m['content'] }}{% if 'magic' in m['content'] %}"""
        + """{{ 'q w e r t y u i o p a s d f g h j k l' }}{% endif %}{% endfor %}""")]
    [InlineData(
        """{% for m in messages %}{{ m['content'] }}{% if m['content'] | length > 37 %}"""
        + """{{ 'q w e r t y u i o p a s d f g h j k' }}{% endif %}{% endfor %}""")]
    [InlineData(
        """{% for m in messages %}{{ m['content'] }}{% if m.name %}"""
        + """{{ 'q w e r t y u i o p a s d f g' + m.name }}{% endif %}{% endfor %}""")]
    [InlineData("""{% for m in messages %}{{ m['content'] | upper }}{% for c in m['content'] %}{{ '.' }}{% endfor %}{% endfor %}""")]
    public void A_template_that_adds_in_a_way_of_its_own_is_bounded(string template)
    {
        var random = new Random(7);
        var chat = TinyChat.Create(template);
        var measure = new PromptMeasure(1, 1, 0, ChatMeasurement.Measure(chat, TimeProvider.System));

        for (var i = 0; i < 200; i++)
        {
            var (request, messages) = MakeChat(random, "magic");
            Assert.InRange(chat.Encode(messages).Count, 0, measure.MostTokens(request));
        }
    }

    [Theory]
    [InlineData("{% for m in messages %}{% for n in messages %}{{ m.content }}{% endfor %}{% endfor %}")]
    [InlineData("{% for m in messages %}{{ m.content }}{% for n in messages %}{{ '.' }}{% endfor %}{% endfor %}")]
    [InlineData("{% for m in messages %}{% for c in m.content %}{{ m.content }}{% endfor %}{% endfor %}")]
    [InlineData("{% for m in messages %}{{ messages[0].content }}{{ m.content }}{% endfor %}")]
    [InlineData(
        "{% for m in messages %}{{ m.content }}{% if messages[0].role == 'system' %}{{ messages[0].content }}{% endif %}{% endfor %}")]
    [InlineData("{% for m in messages %}{% for i in range(100) %}{{ m.content }}{% endfor %}{% endfor %}")]
    public void A_template_that_no_reservation_covers_is_refused(string template)
    {
        var refusal = Assert.Throws<ModelImportException>(() => ChatMeasurement.Measure(TinyChat.Create(template), TimeProvider.System));

        Assert.Contains("no reservation of money can cover it", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plain_template_is_measured_with_little_to_spare()
    {
        var measure = ChatMeasurement.Measure(TinyChat.Create(ChatMl), TimeProvider.System);

        // A message: 1 + "assistant\n" (10) + 1 + "\n" and a margin; the start: 1 + "assistant\n" and a margin.
        Assert.InRange(measure.TokensPerMessage, 13, 18);
        Assert.InRange(measure.Tokens, 11, 32);
        Assert.Equal(1, measure.TokensPerByte);
    }

    [Theory]
    [InlineData("""{"model":"m","prompt":"a"}""", 1 + 1)]
    [InlineData("""{"model":"m","prompt":""}""", 1)]
    [InlineData("""{"model":"m","prompt":["","é",""]}""", 2 + 3)]
    [InlineData("""{"model":"m","prompt":[5,6,7]}""", 3)]
    [InlineData("""{"model":"m","prompt":[[5],[6,7]]}""", 3)]
    public void Raw_prompts_are_bounded_by_their_bytes_and_one_token_each_and_ids_by_their_number(string body, long expected)
    {
        Assert.True(CompletionRequest.TryParse(Encoding.UTF8.GetBytes(body), out var request, out _));

        Assert.Equal(expected, new PromptMeasure(1, TextTokens: 1, IdTokens: 0, Chat: null).MostTokens(request));
    }

    [Fact]
    public void Prompts_that_become_chats_are_bounded_as_chats_of_one_message_each()
    {
        Assert.True(CompletionRequest.TryParse("""{"model":"m","prompt":["ab","c"]}"""u8.ToArray(), out var request, out _));

        var measure = new PromptMeasure(1, 1, 0, new ChatMeasure(30, 20, 2), LegacyPrompts.Chat);

        Assert.Equal((2 * 30) + (2 * 20) + (2 * 3), measure.MostTokens(request));
    }

    [Theory]
    [InlineData("""{"model":"m","input":"ab"}""", 2 + 2)]
    [InlineData("""{"model":"m","input":[[7592],[7592],[7592]]}""", 3 + 6)]
    [InlineData("""{"model":"m","input":[101,102]}""", 2 + 2)]
    public void Inputs_are_framed_whether_they_are_texts_or_ids(string body, long expected)
    {
        Assert.True(EmbeddingRequest.TryParse(Encoding.UTF8.GetBytes(body), out var request, out _));

        Assert.Equal(expected, new PromptMeasure(1, TextTokens: 2, IdTokens: 2, Chat: null).MostTokens(request));
    }

    /// <summary>A chat as a client may send it, and what the worker renders.</summary>
    private static (ChatRequest Request, TemplateMessage[] Messages) MakeChat(Random random, string? special = null)
    {
        var messages = new JsonArray();
        for (var count = random.Next(1, random.Next(2, 14)); messages.Count < count;)
        {
            var message = new JsonObject { ["role"] = Roles[random.Next(4)], ["content"] = MakeContent(random, special) };
            if (random.Next(4) == 0)
            {
                message["name"] = new string('n', random.Next(1, 65));
            }

            messages.Add(message);
        }

        var body = new JsonObject { ["model"] = "m", ["messages"] = messages };
        Assert.True(ChatRequest.TryParse(Encoding.UTF8.GetBytes(body.ToJsonString()), out var request, out var error), error?.Message);
        return (request, [.. request.Messages.Select(message => new TemplateMessage(message.Role, message.Content, message.Name))]);
    }

    private static JsonNode MakeContent(Random random, string? special)
    {
        if (random.Next(5) == 0)
        {
            var parts = Enumerable.Range(0, random.Next(1, 4))
                .Select(_ => (JsonNode)new JsonObject { ["type"] = "text", ["text"] = MakeText(random, special) });
            return new JsonArray([.. parts]);
        }

        return MakeText(random, special);
    }

    private static string MakeText(Random random, string? special)
    {
        var text = new StringBuilder();
        for (var parts = random.Next(0, 5); parts > 0; parts--)
        {
            var runes = Alphabets[random.Next(Alphabets.Length)].EnumerateRunes().ToArray();
            for (var length = random.Next(1, 30); length > 0; length--)
            {
                text.Append(runes[random.Next(runes.Length)]);
            }

            text.Append(random.Next(3) == 0 ? special ?? RandomTemplate.Specials[random.Next(RandomTemplate.Specials.Count)] : "");
        }

        return text.ToString();
    }
}
