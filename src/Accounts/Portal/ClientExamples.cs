using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tollgate.Accounts.Portal;

/// <summary>A call as a program of the official OpenAI clients makes it.</summary>
/// <param name="Method">The client's method, such as <c>chat.completions.create</c>; null for an endpoint without one.</param>
/// <param name="Path">What follows the base address, or a whole address, for an endpoint without a method.</param>
/// <param name="Body">Members of the request.</param>
/// <param name="Result">What of the answer is printed, such as <c>.choices[0].message.content</c>; empty for all of it.</param>
/// <param name="File">Part of a form, and the file that is its content; null for a request without one.</param>
internal sealed record ClientCall(
    string? Method, string Path, JsonObject Body, string Result = "", (string Part, string Name)? File = null);

/// <summary>Writes calls as programs.</summary>
/// <param name="apiUrl">Base address with <c>/v1</c>.</param>
/// <param name="keyText">The key to show; null for the variable TOLLGATE_API_KEY.</param>
internal sealed class ClientExamples(string apiUrl, string? keyText)
{
    public string WritePython(ClientCall call)
    {
        var text = new StringBuilder(keyText is null ? "import os\n\nfrom openai import OpenAI\n\n" : "from openai import OpenAI\n\n");
        var key = keyText is null ? "os.environ[\"TOLLGATE_API_KEY\"]" : $"\"{keyText}\"";
        text.Append($"client = OpenAI(\n    base_url=\"{apiUrl}\",\n    api_key={key},\n)\n");
        if (call.Method is not null)
        {
            text.Append($"answer = client.{call.Method}(\n");
            foreach (var (name, value) in call.Body)
            {
                text.Append($"    {name}={Python(value)},\n");
            }

            text.Append(call.File is { } file ? $"    {file.Part}=open(\"{file.Name}\", \"rb\"),\n" : "");
        }
        else
        {
            text.Append($"answer = client.post(\n    \"{call.Path}\",\n    cast_to=object,\n    body={Python(call.Body)},\n");
            text.Append(call.File is not { } file ? "" : $"    files={{\"{file.Part}\": open(\"{file.Name}\", \"rb\")}},\n"
                + "    options={\"headers\": {\"Content-Type\": \"multipart/form-data\"}},\n");
        }

        return text.Append($")\nprint(answer{call.Result})").ToString();
    }

    public string WriteNode(ClientCall call)
    {
        var text = new StringBuilder(call.File is null ? "" : "import fs from \"node:fs\";\n");
        text.Append($"import OpenAI from \"openai\";\n\nconst client = new OpenAI({{\n  baseURL: \"{apiUrl}\",\n");
        text.Append($"  apiKey: {(keyText is null ? "process.env.TOLLGATE_API_KEY" : $"\"{keyText}\"")},\n}});\n");
        if (call.Method is not null)
        {
            text.Append($"const answer = await client.{call.Method}({{\n");
            foreach (var (name, value) in call.Body)
            {
                text.Append($"  {name}: {Json(value)},\n");
            }

            text.Append(call.File is { } file ? $"  {file.Part}: fs.createReadStream(\"{file.Name}\"),\n" : "").Append("});\n");
        }
        else if (call.File is { } file)
        {
            text.Append("const form = new FormData();\n");
            foreach (var (name, value) in call.Body)
            {
                text.Append($"form.append(\"{name}\", {Json(value)});\n");
            }

            text.Append($"form.append(\"{file.Part}\", await fs.openAsBlob(\"{file.Name}\"), \"{file.Name}\");\n");
            text.Append($"const answer = await client.post(\"{call.Path}\", {{ body: form }});\n");
        }
        else
        {
            text.Append($"const answer = await client.post(\"{call.Path}\", {{\n  body: {Json(call.Body)},\n}});\n");
        }

        return text.Append($"console.log(answer{call.Result});").ToString();
    }

    /// <summary>JSON in one line, with blanks after commas and colons.</summary>
    private static string Json(JsonNode? value) => value switch
    {
        JsonObject members => $"{{{string.Join(", ", members.Select(member => $"\"{Encode(member.Key)}\": {Json(member.Value)}"))}}}",
        JsonArray items => $"[{string.Join(", ", items.Select(Json))}]",
        null => "null",
        _ => value.ToJsonString(),
    };

    /// <summary>The same as Python, whose strings take JSON's escapes.</summary>
    private static string Python(JsonNode? value) => value switch
    {
        JsonObject members => $"{{{string.Join(", ", members.Select(member => $"\"{Encode(member.Key)}\": {Python(member.Value)}"))}}}",
        JsonArray items => $"[{string.Join(", ", items.Select(Python))}]",
        null => "None",
        _ => value.GetValueKind() switch
        {
            JsonValueKind.True => "True",
            JsonValueKind.False => "False",
            _ => value.ToJsonString(),
        },
    };

    private static JsonEncodedText Encode(string text) => JsonEncodedText.Encode(text);
}
