using System.Globalization;
using System.Text;
using Tollgate.Benchmarks.Profile;

namespace Tollgate.Benchmarks.Comparison;

/// <summary>A report as text: tables of medians and, in brackets, smallest and largest round; then the goals.</summary>
internal static class ReportText
{
    private const int MostMethods = 25;
    private const double LeastShown = 0.1;

    public static string Write(BenchReport report)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"machine: {report.Machine}");
        var (plan, seconds) = (report.Plan, report.Plan.Measure.TotalSeconds);
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"seed {plan.Seed}: {plan.Rounds} starts of each target, shuffled; {seconds:0} s a figure after "
            + $"{plan.WarmUp.TotalSeconds:0} s of warm-up");
        text.AppendLine("median (smallest–largest) over the starts; times in microseconds; the generator shares the cores");
        if (report.Results.Count > 0)
        {
            WriteLatency(text, report);
            WriteUnaryCpu(text, report);
            WriteThreads(text, report);
            WriteStreams(text, report);
            WriteGoals(text, report);
        }

        WriteProfiles(text, report);
        return text.ToString();
    }

    private static void WriteLatency(StringBuilder text, BenchReport report)
    {
        var table = new TextTable(
            "target", "1 connection p50", "p99", $"{report.Plan.Connections} connections, {report.Plan.LoadedRate:0}/s p50", "p99",
            "saturated, requests/s", "failed");
        foreach (var target in report.Targets)
        {
            table.Add(
                target, report.Of(target, Figure.LightP50), report.Of(target, Figure.LightP99), report.Of(target, Figure.LoadedP50),
                report.Of(target, Figure.LoadedP99), report.Of(target, Figure.Saturation), report.Of(target, Figure.Failed));
        }

        foreach (var target in report.Targets.Where(target => target != GatewayBench.Direct))
        {
            Spread Added(string figure) => report.Of(target, figure, GatewayBench.Direct);
            table.Add(
                "added by " + target, Added(Figure.LightP50), Added(Figure.LightP99), Added(Figure.LoadedP50), Added(Figure.LoadedP99), "",
                "");
        }

        table.WriteTo(text, "Unary requests, 200-byte prompt: latency");
    }

    private static void WriteUnaryCpu(StringBuilder text, BenchReport report)
    {
        var table = new TextTable("target", "process", "saturated", $"at {report.Plan.LoadedRate:0}/s");
        foreach (var target in report.Targets.Where(target => target != GatewayBench.Direct))
        {
            void Add(string name, params string[] processes) => table.Add(
                target, name, report.SumOf(target, Figure.SaturationCpu, processes), report.SumOf(target, Figure.LoadedCpu, processes));

            var all = report.ProcessesOf(target, Figure.SaturationCpu).ToArray();
            foreach (var process in all)
            {
                Add(process, process);
            }

            Add("all", all);
        }

        table.WriteTo(text, "CPU per unary request, microseconds (= CPU-milliseconds per 1,000)");
    }

    /// <summary>What the runtime itself does shows here: compiling, collecting, waiting for sockets, writing the log.</summary>
    private static void WriteThreads(StringBuilder text, BenchReport report)
    {
        var targets = report.Targets.Where(target => target != GatewayBench.Direct).ToList();
        var table = new TextTable(["threads", .. targets]);
        foreach (var thread in targets.SelectMany(target => report.ProcessesOf(target, Figure.SaturationThreads)).Distinct().Order())
        {
            var spreads = targets.Select(target => report.SumOf(target, Figure.SaturationThreads, thread)).ToList();
            if (spreads.Any(spread => spread.Median >= LeastShown))
            {
                table.Add([thread, .. spreads]);
            }
        }

        table.WriteTo(text, "CPU of the process in the middle by thread, saturated, microseconds per request");
    }

    private static void WriteStreams(StringBuilder text, BenchReport report)
    {
        var table = new TextTable(
            "target", "first event p50", "p99", "chunk delay p50", "p99", "chunks/s", "CPU per chunk, in the middle", "all",
            "MB before", "MB per 1,000 idle");
        foreach (var target in report.Targets)
        {
            var processes = report.ProcessesOf(target, Figure.ChunkCpu);
            table.Add(
                target, report.Of(target, Figure.FirstP50), report.Of(target, Figure.FirstP99), report.Of(target, Figure.ChunkP50),
                report.Of(target, Figure.ChunkP99), report.Of(target, Figure.Chunks),
                report.SumOf(target, Figure.ChunkCpu, "gateway", "pass-through"), report.SumOf(target, Figure.ChunkCpu, [.. processes]),
                report.Of(target, Figure.Resident), report.Of(target, Figure.ResidentPerThousand));
        }

        var (running, idle) = (report.Plan.Streams, report.Plan.IdleStreams);
        table.WriteTo(text, $"Streams: first event at 1 connection; {running} streams of 50 chunks a second; {idle} idle streams");
    }

    private static void WriteGoals(StringBuilder text, BenchReport report)
    {
        string[] needed = [GatewayBench.Direct, GatewayBench.PassThrough, GatewayBench.PassThroughScript, GatewayBench.Tollgate];
        if (!needed.All(report.Targets.Contains))
        {
            return;
        }

        var table = new TextTable("goal", "measured", "wanted", "");
        foreach (var (load, figure) in new[] { ("saturated", Figure.SaturationCpu), ("loaded", Figure.LoadedCpu) })
        {
            var ours = Cpu(GatewayBench.Tollgate, figure, "gateway", "redis");
            var yardstick = Cpu(GatewayBench.PassThroughScript, figure, "pass-through", "redis");
            Judge($"gateway + Redis CPU per unary request ÷ (pass-through + one script), {load}", ours / yardstick, 1.5, "0.00");
        }

        var chunk = Cpu(GatewayBench.Tollgate, Figure.ChunkCpu, "gateway");
        Judge("gateway CPU per streamed chunk ÷ pass-through", chunk / Cpu(GatewayBench.PassThrough, Figure.ChunkCpu, "pass-through"), 1.3,
            "0.00");
        Judge("added latency at 1 connection, p50, us", Added(Figure.LightP50), 500, "0");
        Judge("first event of a stream later by, p50, us", Added(Figure.FirstP50), 1000, "0");
        table.WriteTo(text, "Goals");

        double Added(string figure) => report.Of(GatewayBench.Tollgate, figure, GatewayBench.Direct).Median;
        double Cpu(string target, string figure, params string[] processes) => report.SumOf(target, figure, processes).Median;
        void Judge(string goal, double measured, double most, string format) => table.Add(
            goal,
            measured.ToString(format, CultureInfo.InvariantCulture),
            "at most " + most.ToString(format, CultureInfo.InvariantCulture),
            measured <= most ? "ok" : "SHORT");
    }

    private static void WriteProfiles(StringBuilder text, BenchReport report)
    {
        foreach (var load in report.Profiles.Select(profile => profile.Load).Distinct())
        {
            var profiles = report.Profiles.Where(profile => profile.Load == load).ToList();
            var table = new TextTable(["part", .. profiles.Select(profile => profile.Target)]);
            table.Add(["all", .. profiles.Select(profile => Microseconds(profile.MicrosecondsPerUnit))]);
            var parts = profiles.SelectMany(profile => profile.Parts).Select(part => part.Name).Distinct();
            foreach (var part in parts.OrderByDescending(Largest))
            {
                table.Add([part, .. profiles.Select(profile => Microseconds(Share(profile.Parts, part) * profile.MicrosecondsPerUnit))]);
            }

            table.WriteTo(text, $"CPU of the process in the middle by part, microseconds: {load}");
            foreach (var profile in profiles)
            {
                WriteMethods(text, profile);
            }

            double Largest(string part) => profiles.Max(profile => Share(profile.Parts, part) * profile.MicrosecondsPerUnit);
        }
    }

    private static void WriteMethods(StringBuilder text, CpuProfile profile)
    {
        var table = new TextTable("method", "us");
        foreach (var method in profile.Methods.Take(MostMethods))
        {
            table.Add(method.Name, Microseconds(method.Share * profile.MicrosecondsPerUnit));
        }

        table.WriteTo(
            text,
            $"{profile.Target}, {profile.Load}: nearest methods, with all that they call outside the parts ({profile.Samples} samples)");
    }

    private static double Share(IReadOnlyList<ProfileShare> shares, string name) =>
        shares.FirstOrDefault(share => share.Name == name)?.Share ?? 0;

    private static string Microseconds(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
