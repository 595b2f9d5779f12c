using System.Globalization;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Datasets;

/// <summary>Reads examples in JSONL.</summary>
internal sealed class ExampleJsonRows(DatasetFindings findings, ExampleBook book) : JsonRows(findings)
{
    public override void Complete() => book.Complete();

    public override DatasetReport Describe(DatasetReport report) => book.Describe(report);

    protected override void ReadRow(RawRecord line)
    {
        if (FindForm(line) is not { } form || !book.CheckForm(line, form))
        {
            return;
        }

        var before = Findings.FaultCount;
        var draft = form == ExampleForm.Messages ? ChatExample.Read(line, Findings) : ReadMembers(line, form);
        if (Findings.FaultCount == before)
        {
            book.Take(line, draft);
        }
    }

    /// <summary>Finds which members a row has; adds a fault where it has none of any form, or of two.</summary>
    private ExampleForm? FindForm(RawRecord line)
    {
        ExampleForm? form = null;
        List<string> others = [];
        var json = Begin(line);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var (at, found) = ((int)json.TokenStartIndex, FormOf(json));
            if (found is not null && form is not null)
            {
                Findings.Add(line.At(at), FaultTexts.TwoTexts(json.GetString()!));
                return null;
            }

            form ??= found;
            if (found is null && others.Count < 5)
            {
                others.Add($"'{OpenAiError.Shorten(json.GetString()!)}'");
            }

            json.Skip();
        }

        if (form is null)
        {
            Findings.Add(line.At(0), FaultTexts.UnknownForm(others.Count == 0 ? "no members" : string.Join(", ", others)));
        }

        return form;
    }

    private static ExampleForm? FormOf(in Utf8JsonReader name) => name switch
    {
        _ when name.ValueTextEquals("text"u8) => ExampleForm.Text,
        _ when name.ValueTextEquals("data"u8) => ExampleForm.Data,
        _ when name.ValueTextEquals("messages"u8) => ExampleForm.Messages,
        _ => null,
    };

    private ExampleDraft ReadMembers(RawRecord line, ExampleForm form)
    {
        var draft = default(ExampleDraft);
        var json = Begin(line);
        var hasLabel = false;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (FormOf(json) is not null)
            {
                json.Read();
                ReadText(line, json, form, ref draft);
            }
            else if (json.ValueTextEquals("label"u8))
            {
                json.Read();
                hasLabel = json.TokenType != JsonTokenType.Null;
                ReadLabel(line, json, ref draft);
            }
            else
            {
                book.Ignore(json.GetString()!);
                json.Read();
            }

            json.Skip();
        }

        if (!hasLabel)
        {
            Findings.Add(line.At(draft.LabelAt), FaultTexts.MissingLabel());
        }

        return draft;
    }

    private void ReadText(RawRecord line, in Utf8JsonReader json, ExampleForm form, ref ExampleDraft draft)
    {
        var member = form == ExampleForm.Text ? "text" : "data";
        draft.TextAt = (int)json.TokenStartIndex;
        switch (json.TokenType)
        {
            case JsonTokenType.String:
                draft.Text = json.GetString();
                break;
            case JsonTokenType.Null:
                Findings.Add(line.At(draft.TextAt), FaultTexts.MissingText(member));
                break;
            default:
                Findings.Add(line.At(draft.TextAt), FaultTexts.InvalidText(member, Given(json)));
                break;
        }
    }

    private void ReadLabel(RawRecord line, in Utf8JsonReader json, ref ExampleDraft draft)
    {
        draft.LabelAt = (int)json.TokenStartIndex;
        switch (json.TokenType)
        {
            case JsonTokenType.String:
                draft.Label = json.GetString();
                break;
            case JsonTokenType.Number when json.TryGetInt64(out var number) && json.ValueSpan.IndexOfAny(".eE"u8) < 0:
                (draft.Label, draft.IsNumber) = (number.ToString(CultureInfo.InvariantCulture), true);
                break;
            case JsonTokenType.Null:
                break;
            default:
                Findings.Add(line.At(draft.LabelAt), FaultTexts.InvalidLabel(Given(json)));
                break;
        }
    }

    private static Utf8JsonReader Begin(RawRecord line)
    {
        var json = new Utf8JsonReader(line.Bytes, new JsonReaderOptions { MaxDepth = JsonCheck.MaxDepth });
        json.Read();
        return json;
    }
}
