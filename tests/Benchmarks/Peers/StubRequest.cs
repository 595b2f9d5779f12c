using System.Buffers;
using System.Text.Json;

namespace Tollgate.Benchmarks.Peers;

/// <summary>The three members of a request that the stub worker obeys.</summary>
internal readonly record struct StubRequest(string Model, int MaxTokens, bool Stream)
{
    public static StubRequest Read(in ReadOnlySequence<byte> body)
    {
        var json = new Utf8JsonReader(body);
        var (model, maxTokens, stream) = ("", 16, false);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("model"u8))
            {
                json.Read();
                model = json.GetString() ?? "";
            }
            else if (json.ValueTextEquals("max_tokens"u8) || json.ValueTextEquals("max_completion_tokens"u8))
            {
                json.Read();
                maxTokens = json.GetInt32();
            }
            else if (json.ValueTextEquals("stream"u8))
            {
                json.Read();
                stream = json.GetBoolean();
            }
            else
            {
                json.Read();
                json.Skip();
            }
        }

        return new StubRequest(model, maxTokens, stream);
    }
}
