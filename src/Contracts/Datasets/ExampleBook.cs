using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Datasets;

/// <summary>Takes the rows of a training file whatever their format: checks text and label, counts, and passes good rows on.</summary>
internal sealed class ExampleBook(DatasetFindings findings, Action<Example>? onExample, Func<string, int>? countTokens)
{
    private const int MostIgnored = 20;

    private readonly ExampleTally _tally = new(findings.Limits, countTokens);
    private readonly List<string> _ignored = [];
    private (ExampleForm Form, long Line)? _form;
    private (bool IsNumber, long Line)? _labels;

    /// <summary>Returns whether the row has the form of the rows before it; otherwise adds a fault.</summary>
    public bool CheckForm(RawRecord record, ExampleForm form)
    {
        _form ??= (form, record.Line);
        if (_form.Value.Form != form)
        {
            findings.Add(record.At(0), FaultTexts.MixedForms(Describe(form), Describe(_form.Value.Form), _form.Value.Line));
        }

        return _form.Value.Form == form;
    }

    /// <summary>Takes a row that has a text and a label.</summary>
    public void Take(RawRecord record, in ExampleDraft draft)
    {
        var (before, text, label) = (findings.FaultCount, draft.Text!, draft.Label!);
        CheckText(record, text, draft.TextAt);
        CheckLabel(record, label, draft);
        if (findings.FaultCount > before)
        {
            return;
        }

        if (!_tally.Add(record.Line, text, label))
        {
            findings.Stop(record.At(draft.LabelAt), FaultTexts.TooManyClasses(findings.Limits.MaxClasses));
            return;
        }

        findings.GoodRows++;
        onExample?.Invoke(new Example(text, label, record.Line));
    }

    /// <summary>Notes a member or column that nothing reads: the first 20 of a file, each cut to a readable length.</summary>
    public void Ignore(string name)
    {
        if (_ignored.Count < MostIgnored && OpenAiError.Shorten(name) is var shown && !_ignored.Contains(shown))
        {
            _ignored.Add(shown);
        }
    }

    public DatasetReport Describe(DatasetReport report) =>
        report with { Examples = _tally.Count(_form?.Form, _ignored), Warnings = _tally.Warn(_ignored) };

    /// <summary>Adds the fault that shows at the end of a file only.</summary>
    public void Complete()
    {
        if (!findings.IsStopped && (findings.FaultCount == 0 || findings.GoodRows > 1) && _tally.OnlyLabel is { } only)
        {
            findings.Add(new TextPosition(only.FirstLine, 1), FaultTexts.OneClass(only.Label));
        }
    }

    private void CheckText(RawRecord record, string text, int at)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            findings.Add(record.At(at), FaultTexts.EmptyText());
        }
        else if (text.Contains('\0'))
        {
            findings.Add(record.At(at), FaultTexts.NulCharacter());
        }
    }

    private void CheckLabel(RawRecord record, string label, in ExampleDraft draft)
    {
        _labels ??= (draft.IsNumber, record.Line);
        if (string.IsNullOrWhiteSpace(label))
        {
            findings.Add(record.At(draft.LabelAt), FaultTexts.EmptyLabel());
        }
        else if (label.Length > findings.Limits.MaxLabelCharacters
            && Utf8Bytes.CountCharacters(label) > findings.Limits.MaxLabelCharacters)
        {
            findings.Add(record.At(draft.LabelAt), FaultTexts.LabelTooLong(findings.Limits.MaxLabelCharacters));
        }
        else if (label.Contains('\0'))
        {
            findings.Add(record.At(draft.LabelAt), FaultTexts.NulCharacter());
        }
        else if (_labels.Value.IsNumber != draft.IsNumber)
        {
            findings.Add(record.At(draft.LabelAt), FaultTexts.MixedLabels(draft.IsNumber, _labels.Value.Line));
        }
    }

    private static string Describe(ExampleForm form) => form switch
    {
        ExampleForm.Text => "text and label",
        ExampleForm.Data => "data and label",
        _ => "messages",
    };
}
