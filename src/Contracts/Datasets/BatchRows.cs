using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Datasets;

/// <summary>One line of a batch. Valid during the call that gets it.</summary>
/// <param name="line">Its number in the file, from 1.</param>
/// <param name="customId">The client's name of the request, unique in the file.</param>
/// <param name="url">Path of its endpoint, such as <c>/v1/chat/completions</c>.</param>
/// <param name="model">The model that the body names.</param>
/// <param name="body">The request: one JSON object in UTF-8, as in the file.</param>
public readonly ref struct BatchLine(long line, string customId, string url, string model, ReadOnlySpan<byte> body)
{
    public long Line { get; } = line;

    public string CustomId { get; } = customId;

    public string Url { get; } = url;

    public string Model { get; } = model;

    public ReadOnlySpan<byte> Body { get; } = body;
}

/// <summary>Takes a line of a batch that has no fault.</summary>
public delegate void BatchLineHandler(BatchLine line);

/// <summary>Reads the lines of a batch.</summary>
internal sealed class BatchRows(DatasetFindings findings, BatchLineHandler? onLine) : JsonRows(findings)
{
    /// <summary>Longest custom_id, characters.</summary>
    private const int LongestId = 512;

    private const int MostModels = 100;

    private readonly Dictionary<UInt128, long> _ids = [];
    private readonly List<ModelLines> _models = [];
    private (string Url, long Line)? _url;

    public override void Complete()
    {
    }

    public override DatasetReport Describe(DatasetReport report) =>
        report with { Batch = new BatchStatistics(Findings.GoodRows > 0 ? _url?.Url : null, _models) };

    protected override void ReadRow(RawRecord line)
    {
        var before = Findings.FaultCount;
        var draft = ReadMembers(line);
        Check(line, draft);
        if (Findings.FaultCount > before)
        {
            return;
        }

        Findings.GoodRows++;
        CountModel(draft.Model.Text!);
        onLine?.Invoke(new BatchLine(line.Line, draft.Id.Text!, draft.Url.Text!, draft.Model.Text!, line.Bytes[draft.BodyRange]));
    }

    private static Draft ReadMembers(RawRecord line)
    {
        var draft = default(Draft);
        var json = new Utf8JsonReader(line.Bytes, new JsonReaderOptions { MaxDepth = JsonCheck.MaxDepth });
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString();
            json.Read();
            var member = Member.Read(json);
            switch (name)
            {
                case "custom_id":
                    draft.Id = member;
                    break;
                case "method":
                    draft.Method = member;
                    break;
                case "url":
                    draft.Url = member;
                    break;
                case "body":
                    draft.Body = member;
                    ReadBody(ref json, ref draft);
                    break;
                default:
                    break;
            }

            json.Skip();
        }

        return draft;
    }

    private static void ReadBody(ref Utf8JsonReader json, ref Draft draft)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            return;
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isModel = json.ValueTextEquals("model"u8);
            json.Read();
            draft.Model = isModel ? Member.Read(json) : draft.Model;
            json.Skip();
        }

        draft.BodyRange = draft.Body.At..(int)json.BytesConsumed;
    }

    private void Check(RawRecord line, in Draft draft)
    {
        // Other faults of the line name the id too, if there is one.
        CheckId(line, draft);
        CheckMethod(line, draft);
        CheckUrl(line, draft);
        CheckBody(line, draft);
    }

    private void CheckId(RawRecord line, in Draft draft)
    {
        var (id, at) = (draft.Id.Text, line.At(draft.Id.At));
        if (draft.Id.Given is not { } given)
        {
            Findings.Add(at, FaultTexts.MissingMember("custom_id"));
        }
        else if (id is null)
        {
            Findings.Add(at, FaultTexts.InvalidCustomId($"must be a string, but it is {given}"));
        }
        else if (string.IsNullOrWhiteSpace(id))
        {
            Findings.Add(at, FaultTexts.InvalidCustomId("is empty. Give each line an id of its own"));
        }
        else if (id.Length > LongestId)
        {
            Findings.Add(at, FaultTexts.InvalidCustomId($"is longer than {LongestId} characters. Shorten it"));
        }
        else if (XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(id)) is var hash && !_ids.TryAdd(hash, line.Line))
        {
            Add(line, draft.Id.At, FaultTexts.DuplicateCustomId(id, _ids[hash]), draft);
        }
    }

    private void CheckMethod(RawRecord line, in Draft draft)
    {
        if (draft.Method.Given is not { } given)
        {
            Add(line, draft.Method.At, FaultTexts.MissingMember("method"), draft);
        }
        else if (draft.Method.Text != "POST")
        {
            Add(line, draft.Method.At, FaultTexts.InvalidMethod(given), draft);
        }
    }

    private void CheckUrl(RawRecord line, in Draft draft)
    {
        var url = draft.Url.Text;
        if (draft.Url.Given is not { } given)
        {
            Add(line, draft.Url.At, FaultTexts.MissingMember("url"), draft);
        }
        else if (url is null || !BatchUrls.All.Contains(url))
        {
            Add(line, draft.Url.At, FaultTexts.InvalidUrl(given, BatchUrls.All), draft);
        }
        else
        {
            _url ??= (url, line.Line);
            if (_url.Value.Url != url)
            {
                Add(line, draft.Url.At, FaultTexts.MixedUrls(url, _url.Value.Url, _url.Value.Line), draft);
            }
        }
    }

    private void CheckBody(RawRecord line, in Draft draft)
    {
        if (draft.Body.Given is not { } given)
        {
            Add(line, draft.Body.At, FaultTexts.MissingMember("body"), draft);
        }
        else if (draft.BodyRange.Equals(default))
        {
            Add(line, draft.Body.At, FaultTexts.InvalidBody(given), draft);
        }
        else if (draft.Model.Given is not { } model)
        {
            Add(line, draft.Body.At, FaultTexts.MissingModel(), draft);
        }
        else if (string.IsNullOrWhiteSpace(draft.Model.Text))
        {
            Add(line, draft.Model.At, FaultTexts.InvalidModel(model), draft);
        }
    }

    private void Add(RawRecord line, int at, FaultText text, in Draft draft) =>
        Findings.Add(line.At(at), text, draft.Id.Text is { Length: > 0 } id ? OpenAiError.Shorten(id) : null);

    private void CountModel(string model)
    {
        var name = OpenAiError.Shorten(model);
        var at = _models.FindIndex(counted => counted.Model == name);
        if (at >= 0)
        {
            _models[at] = _models[at] with { Lines = _models[at].Lines + 1 };
        }
        else if (_models.Count < MostModels)
        {
            _models.Add(new ModelLines(name, 1));
        }
    }

    /// <summary>A line while it is read.</summary>
    private record struct Draft
    {
        public Member Id { get; set; }

        public Member Method { get; set; }

        public Member Url { get; set; }

        public Member Body { get; set; }

        /// <summary>Of the body; empty where that is no object.</summary>
        public Member Model { get; set; }

        /// <summary>The bytes of the body, where it is an object; else empty.</summary>
        public Range BodyRange { get; set; }
    }

    /// <summary>A member's value.</summary>
    /// <param name="Text">Of a string.</param>
    /// <param name="At">Position in the line, 0 for a member that is missing.</param>
    /// <param name="Given">The value in words; null for one that is missing or null.</param>
    private readonly record struct Member(string? Text, int At, string? Given)
    {
        public static Member Read(in Utf8JsonReader json) => new(
            json.TokenType == JsonTokenType.String ? json.GetString() : null, (int)json.TokenStartIndex,
            json.TokenType == JsonTokenType.Null ? null : JsonRows.Given(json));
    }
}
