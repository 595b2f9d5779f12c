using System.Text;
using System.Text.Json;
using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Models;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Diffusion;

/// <summary>The schedulers against the step tables of Diffusers 0.42 for one deterministic model.</summary>
public sealed class SchedulerTests
{
    private const double Tolerance = 1e-4;

    [SharedFact("models/reference/schedulers.json")]
    public void Step_gives_the_samples_of_all_fifteen_reference_tables()
    {
        var cases = DiffusersJson.ReadFile(SharedFiles.At("models/reference/schedulers.json")).GetProperty("cases");

        Assert.Equal(15, cases.GetArrayLength());
        Assert.All(cases.EnumerateArray(), AssertTable);
    }

    [Theory]
    [InlineData("""{"_class_name":"HeunDiscreteScheduler"}""", "HeunDiscreteScheduler")]
    [InlineData("""{}""", "''")]
    [InlineData("""{"_class_name":"DDIMScheduler","snr_shift_scale":3}""", "snr_shift_scale")]
    [InlineData("""{"_class_name":"DDIMScheduler","thresholding":true}""", "thresholding")]
    [InlineData("""{"_class_name":"DDIMScheduler","beta_schedule":"sigmoid"}""", "beta_schedule")]
    [InlineData("""{"_class_name":"DDIMScheduler","beta_start":"0.1"}""", "beta_start")]
    [InlineData("""{"_class_name":"DDIMScheduler","num_train_timesteps":1e9}""", "num_train_timesteps")]
    [InlineData("""{"_class_name":"DDIMScheduler","num_train_timesteps":10.5}""", "num_train_timesteps")]
    [InlineData("""{"_class_name":"DDIMScheduler","clip_sample":"yes"}""", "clip_sample")]
    [InlineData("""{"_class_name":"DDIMScheduler","timestep_spacing":"sideways"}""", "timestep_spacing")]
    [InlineData("""{"_class_name":"DDIMScheduler","rescale_betas_zero_snr":true}""", "prediction_type")]
    [InlineData("""{"_class_name":"PNDMScheduler"}""", "skip_prk_steps")]
    [InlineData("""{"_class_name":"EulerDiscreteScheduler","use_beta_sigmas":true}""", "use_beta_sigmas")]
    [InlineData("""{"_class_name":"EulerDiscreteScheduler","interpolation_type":"log_linear"}""", "interpolation_type")]
    [InlineData("""{"_class_name":"EulerDiscreteScheduler","sigma_min":0.1}""", "sigma_min")]
    [InlineData("""{"_class_name":"EulerAncestralDiscreteScheduler","prediction_type":"sample"}""", "prediction_type")]
    [InlineData("""{"_class_name":"DPMSolverMultistepScheduler","algorithm_type":"sde-dpmsolver++"}""", "algorithm_type")]
    [InlineData("""{"_class_name":"DPMSolverMultistepScheduler","solver_order":3}""", "solver_order")]
    [InlineData("""{"_class_name":"DPMSolverMultistepScheduler","solver_type":"heun"}""", "solver_type")]
    [InlineData("""{"_class_name":"DPMSolverMultistepScheduler","lambda_min_clipped":-5.1}""", "lambda_min_clipped")]
    [InlineData("""{"_class_name":"DPMSolverMultistepScheduler","variance_type":"learned"}""", "variance_type")]
    public void Read_refuses_what_is_not_supported_by_name(string config, string named)
    {
        var refusal = Assert.Throws<ModelImportException>(() => Read(config));

        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"_class_name":"PNDMScheduler","skip_prk_steps":true,"clip_sample":false,"trained_betas":null,"_version":"1"}""")]
    [InlineData("""{"_class_name":"EulerDiscreteScheduler","skip_prk_steps":true,"set_alpha_to_one":false,"sample_max_value":1.0}""")]
    [InlineData("""{"_class_name":"DPMSolverMultistepScheduler","lambda_min_clipped":-Infinity,"final_sigmas_type":"sigma_min"}""")]
    [InlineData("""{"_class_name":"DDIMScheduler","trained_betas":[0.1,0.2,0.3]}""")]
    [InlineData("""{"_class_name":"LCMScheduler","beta_schedule":"squaredcos_cap_v2"}""")]
    public void Read_takes_members_of_other_classes_and_the_words_that_Python_writes(string config)
    {
        var settings = Read(config);

        Assert.All(Enumerable.Range(1, Math.Min(settings.MostSteps, 40)), steps => AssertFinite(settings, steps));
    }

    [Fact]
    public void Begin_of_every_class_spacing_and_number_of_steps_stays_finite()
    {
        string[] classes =
        [
            "DDIMScheduler", "PNDMScheduler", "EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler", "DPMSolverMultistepScheduler",
            "LCMScheduler",
        ];

        foreach (var name in classes)
        {
            foreach (var spacing in (ReadOnlySpan<string>)["leading", "linspace", "trailing"])
            {
                foreach (var zero in (ReadOnlySpan<string>)["true", "false"])
                {
                    var settings = Read(
                        $$"""
                        {"_class_name":"{{name}}","timestep_spacing":"{{spacing}}","prediction_type":"v_prediction","skip_prk_steps":true,
                        "rescale_betas_zero_snr":{{zero}},"beta_schedule":"scaled_linear","beta_start":0.00085,"beta_end":0.012}
                        """);
                    Assert.All((int[])[1, 2, 3, 7, 16, 50, settings.MostSteps], steps => AssertFinite(settings, steps));
                }
            }
        }
    }

    private static SchedulerSettings Read(string json) =>
        SchedulerConfig.Read(DiffusersJson.Read(Encoding.UTF8.GetBytes(json), "scheduler_config.json"));

    private static void AssertFinite(SchedulerSettings settings, int steps)
    {
        var scheduler = settings.Begin(steps);
        var sample = new[] { 0.3f * (float)scheduler.InitialDeviation, -1.2f * (float)scheduler.InitialDeviation };
        var predicted = new float[2];
        for (var call = 0; call < scheduler.Timesteps.Count; call++)
        {
            var scaled = Array.ConvertAll(sample, value => value * (float)scheduler.InputScale(call));
            scheduler.Step(call, Array.ConvertAll(scaled, value => value * 0.5f), sample, [0.1f, -0.1f], predicted);
            Assert.All(sample.Concat(predicted), value => Assert.True(float.IsFinite(value), $"{settings} at {call} of {steps}"));
            Assert.InRange(scheduler.Timesteps[call], 0, settings.TrainingSteps);
        }
    }

    private static void AssertTable(JsonElement table)
    {
        var config = table.GetProperty("config");
        var scheduler = SchedulerConfig.Read(config).Begin(table.GetProperty("steps").GetInt32());
        var (timesteps, samples) = (Numbers(table, "timesteps"), table.GetProperty("samples"));
        var noise = table.GetProperty("noise").EnumerateArray().Select(Numbers).ToArray();
        var deviation = table.GetProperty("init_noise_sigma").GetDouble();
        Assert.Equal(timesteps.Length, scheduler.Timesteps.Count);
        Assert.InRange(Math.Abs(scheduler.InitialDeviation - deviation), 0, Tolerance * deviation);

        var sample = Array.ConvertAll(Numbers(table, "start"), value => value * (float)scheduler.InitialDeviation);
        var (drawn, predicted) = (0, new float[sample.Length]);
        for (var call = 0; call < timesteps.Length; call++)
        {
            var time = scheduler.Timesteps[call];
            Assert.InRange(Math.Abs(time - timesteps[call]), 0, 1e-3);
            var output = sample
                .Select(value => value * (float)scheduler.InputScale(call))
                .Select((input, i) => (float)((0.8 * input * time / 1000) + (0.1 * Math.Sin(i + (time / 100)))))
                .ToArray();

            scheduler.Step(call, output, sample, scheduler.AddsNoise(call) ? noise[drawn++] : [], predicted);

            var wanted = Numbers(samples[call]);
            var scale = wanted.Max(Math.Abs);
            Assert.All(
                wanted.Zip(sample),
                pair => Assert.True(
                    Math.Abs(pair.First - pair.Second) <= Tolerance * scale, $"{config} call {call}: {pair.First} or {pair.Second}"));
        }

        Assert.Equal(noise.Length, drawn);
    }

    private static float[] Numbers(JsonElement owner, string member) => Numbers(owner.GetProperty(member));

    private static float[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(number => number.GetSingle())];
}
