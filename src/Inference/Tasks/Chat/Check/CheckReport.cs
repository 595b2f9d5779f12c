namespace Tollgate.Inference.Tasks.Chat.Check;

/// <summary>Lines of a check: <c>PASS</c>, <c>FAIL</c>, <c>INFO</c> or <c>SKIP</c>, what was checked, and what was found.</summary>
internal sealed class CheckReport(TextWriter output)
{
    public int Failures { get; private set; }

    public void Judge(bool passes, string name, string found)
    {
        Failures += passes ? 0 : 1;
        Write(passes ? "PASS" : "FAIL", name, found);
    }

    public void Tell(string name, string found) => Write("INFO", name, found);

    public void Skip(string name, string why) => Write("SKIP", name, why);

    private void Write(string kind, string name, string found) =>
        output.WriteLine($"{kind}  {name,-9} {found}");
}
