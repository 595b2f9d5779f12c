using System.Text.Json;
using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Responses;

namespace Tollgate.Learning.Responses;

/// <summary>Makes the content of a response in the background that has ended out of the one that was queued.</summary>
internal static class BackgroundAnswer
{
    /// <summary>The content with what a call answered. The call is another request than the one that made the response: the answer and its
    /// items get the ids by which the client knows the response.</summary>
    /// <param name="id">Of the response.</param>
    /// <returns>Null where the answer is no response object.</returns>
    public static byte[]? Of(ResponseContent queued, Guid id, JsonElement answer)
    {
        if (!ResponseContent.IsResponse(answer))
        {
            return null;
        }

        var (own, other) = (ResponseIds.Of(id), answer.GetProperty("id").GetString()!);
        var created = queued.Response.GetProperty("created_at");
        return Write(queued, json => Rewrite(json, answer, (name, writer) =>
        {
            switch (name)
            {
                case "id":
                    writer.WriteStringValue(own);
                    return true;
                case "created_at":
                    created.WriteTo(writer);
                    return true;
                case "output":
                    writer.WriteStartArray();
                    foreach (var item in answer.GetProperty(name).EnumerateArray())
                    {
                        Rewrite(writer, item, (member, of) => WriteId(of, member, item, other, own));
                    }

                    writer.WriteEndArray();
                    return true;
                default:
                    return false;
            }
        }));
    }

    /// <summary>The content of a response that failed.</summary>
    public static byte[] Failed(ResponseContent queued, string code, string message) =>
        Write(queued, json => Rewrite(json, queued.Response, (name, writer) =>
        {
            switch (name)
            {
                case "status":
                    writer.WriteStringValue(ResponseStatus.Failed);
                    return true;
                case "error":
                    writer.WriteStartObject();
                    writer.WriteString("code", code);
                    writer.WriteString("message", message);
                    writer.WriteEndObject();
                    return true;
                default:
                    return false;
            }
        }));

    /// <summary>Writes an object anew.</summary>
    /// <param name="replace">Writes another value of a member; false leaves it as it is.</param>
    public static void Rewrite(Utf8JsonWriter json, JsonElement from, Func<string, Utf8JsonWriter, bool> replace)
    {
        json.WriteStartObject();
        foreach (var member in from.EnumerateObject())
        {
            json.WritePropertyName(member.Name);
            if (!replace(member.Name, json))
            {
                member.Value.WriteTo(json);
            }
        }

        json.WriteEndObject();
    }

    private static bool WriteId(Utf8JsonWriter json, string member, JsonElement item, string other, string own)
    {
        if (member != "id")
        {
            return false;
        }

        json.WriteStringValue(item.GetProperty(member).GetString()!.Replace(
            other[ResponseIds.Prefix.Length..], own[ResponseIds.Prefix.Length..], StringComparison.Ordinal));
        return true;
    }

    private static byte[] Write(ResponseContent queued, Action<Utf8JsonWriter> writeResponse) =>
        Utf8Json.Write((queued, writeResponse), static (state, json) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("input");
            foreach (var item in state.queued.Input)
            {
                item.Json.WriteTo(json);
            }

            json.WriteEndArray();
            json.WritePropertyName("response");
            state.writeResponse(json);
            json.WriteEndObject();
        });
}
